import { expect, it } from "vitest";
import { isLoopbackName } from "./loopback.js";

it.each(["localhost", "api.localhost", "127.0.0.1", "127.255.0.9", "::1", "[::1]"])("%s is loopback", (host) => {
  expect(isLoopbackName(host)).toBe(true);
});

it.each([
  "0.0.0.0",
  "::",
  "128.0.0.1",
  "127.0.0.256",
  "127.0.0.01",
  "127.0.0.1.example.com",
  "localhost.example.com",
  "",
])("%s is not", (host) => {
  expect(isLoopbackName(host)).toBe(false);
});
