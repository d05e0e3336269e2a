// A real browser with one page open: what the page does goes over the network as any page's would.
import { existsSync } from "node:fs";
import { chromium, type Page } from "playwright-core";
import { onTestFinished, type TestContext } from "vitest";

const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

/** Skips the test where there is no Chromium. */
export async function openPage(url: string, context: TestContext): Promise<Page> {
  if (!existsSync(CHROMIUM)) return context.skip(`needs Chromium at ${CHROMIUM}`);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(url);
  return page;
}
