// A sheet's day number as ISO 8601 text, without a time zone, because sheets have none.

const DAY_MS = 24 * 3600 * 1000;
const EPOCH_1900 = Date.UTC(1899, 11, 30);
const EPOCH_1904 = Date.UTC(1904, 0, 1);
/** The last day that sheets know: 9999-12-31. */
const LAST_DAY = 2_958_466;

/**
 * A whole day gives `2024-05-31`, a part of a day `2024-05-31T12:30:00`, less than a day a time `12:30:00`.
 *
 * @returns `undefined` where the number is no day that sheets know; it stays a number then.
 */
export function sheetDate(days: number, countsFrom1904: boolean): string | undefined {
  if (days < 0 || days >= LAST_DAY) return undefined;
  // Sheets hold 1900 for a leap year: days before its invented 29 February are one less than counted from the later ones.
  const shifted = !countsFrom1904 && days < 60 && days >= 1 ? days + 1 : days;
  const instant = (countsFrom1904 ? EPOCH_1904 : EPOCH_1900) + Math.round(shifted * DAY_MS);
  const text = new Date(instant).toISOString();
  const date = text.slice(0, 10);
  const time = text.slice(11, text.endsWith(".000Z") ? 19 : 23);
  if (days < 1 && !countsFrom1904) return time;
  return instant % DAY_MS === 0 ? date : `${date}T${time}`;
}
