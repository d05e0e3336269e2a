// A page for components, made before React is loaded. Only the page is made up: requests go over the machine's own fetch.
import { Window } from "happy-dom";

const window = new Window({ url: "http://localhost/" });
const given = { window, document: window.document, navigator: window.navigator, HTMLElement: window.HTMLElement };

for (const [name, value] of Object.entries(given)) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
