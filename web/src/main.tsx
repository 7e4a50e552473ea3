import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "@/app/App";
import "@/app/base.css";
import { keepFresh } from "@/app/freshness";

keepFresh(window, {
  storage: sessionStorage,
  now: Date.now,
  reload: () => location.reload(),
});

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
