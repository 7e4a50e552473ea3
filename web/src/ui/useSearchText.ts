import { useEffect, useRef, useState } from "react";

/** A text that is typed now and taken over once typing pauses (300 ms), such as a search in the address. */
export function useSearchText(taken: string, take: (text: string) => void): [string, (text: string) => void] {
  const [text, setText] = useState(taken);
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => setText(taken), [taken]);
  useEffect(() => {
    if (text === taken) return;
    const timer = setTimeout(() => latest.current(text), 300);
    return () => clearTimeout(timer);
  }, [text, taken]);
  return [text, setText];
}
