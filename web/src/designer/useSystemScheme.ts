import { useSyncExternalStore } from "react";

const QUERY = "(prefers-color-scheme: dark)";

function subscribe(notify: () => void): () => void {
  const query = window.matchMedia(QUERY);
  query.addEventListener("change", notify);
  return () => query.removeEventListener("change", notify);
}

/** The colour scheme of the system. */
export function useSystemScheme(): "light" | "dark" {
  return useSyncExternalStore(subscribe, () => (window.matchMedia(QUERY).matches ? "dark" : "light"));
}
