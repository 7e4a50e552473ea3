/// <reference types="vitest/config" />
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const SERVER = process.env.PARCOURS_SERVER ?? "http://127.0.0.1:8080";
/** What the server answers itself; everything else is a page. */
const SERVED = [
  "/parcours",
  "/journey/",
  "/data/",
  "/ims",
  "/ajo",
  "/collection",
  "/health",
  "/metrics",
  "/openapi.json",
  "/docs",
  "/m/",
  "/message-frame",
];

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  build: {
    outDir: "../src/parcours/http/designer",
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 1600,
  },
  server: { proxy: Object.fromEntries(SERVED.map((path) => [path, SERVER])) },
  test: {
    // A file that needs a page says so with `@vitest-environment jsdom`: making one takes longer than its tests.
    environment: "node",
    include: ["src/**/*.test.{ts,tsx}"],
    // They import style sheets, which Node alone can not.
    server: { deps: { inline: [/@adobe\/react-spectrum/, /@spectrum-icons/] } },
  },
});
