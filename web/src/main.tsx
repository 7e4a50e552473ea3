import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "@/app/App";
import "@/app/base.css";
import { isOutdated, keepFresh } from "@/app/freshness";

const script = new URL(import.meta.url).pathname;
keepFresh(window, {
  storage: sessionStorage,
  now: Date.now,
  isOutdated: () => isOutdated(fetch, script),
  reload: () => location.reload(),
});

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
