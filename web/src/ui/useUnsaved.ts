import { useBlocker } from "@tanstack/react-router";
import { useCallback, useRef } from "react";

/** Asks before what is changed and not saved is left. Call what it returns once all is saved. */
export function useUnsaved(isChanged: boolean, question: string): () => void {
  const isDone = useRef(false);
  const isUnsaved = useCallback(() => isChanged && !isDone.current, [isChanged]);
  useBlocker({
    shouldBlockFn: ({ current, next }) =>
      current.pathname !== next.pathname && isUnsaved() && !window.confirm(question),
    enableBeforeUnload: isUnsaved,
  });
  return useCallback(() => {
    isDone.current = true;
  }, []);
}
