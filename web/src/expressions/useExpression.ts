import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { send } from "@/api/client";
import { placeKey } from "./place";
import { type Checked, EMPTY_SCOPE, type ExpressionType, type Place, type Scope } from "./scope";

const CHECK_AFTER_MS = 300;

export async function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const answer = await send(`/journey/orchestration/expressions/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  return (await answer.json()) as T;
}

/** What expressions at a place may read; asked anew only when something changes that it depends on. */
export function useScope(place: Place): { scope: Scope; isPending: boolean; error: unknown } {
  const { data, isPending, error } = useQuery({
    queryKey: ["expressions", "scope", placeKey(place)],
    queryFn: ({ signal }) => post<Scope>("scope", place, signal),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
  return { scope: data ?? EMPTY_SCOPE, isPending, error };
}

/** A value that follows another one when it has stayed the same for a while. */
export function useSettled<T>(value: T, afterMs = CHECK_AFTER_MS): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), afterMs);
    return () => clearTimeout(timer);
  }, [value, afterMs]);
  return settled;
}

interface Check extends Checked {
  /** The text that was checked. */
  text: string;
}

/** The type and the faults of an expression as it is typed; null before the first answer, and of an empty text. */
export function useCheck(place: Place, text: string, expects: ExpressionType | null) {
  const settled = useSettled(text);
  const isEmpty = text.trim() === "";
  const { data, error, isFetching } = useQuery({
    queryKey: ["expressions", "check", placeKey(place), settled, expects],
    queryFn: async ({ signal }): Promise<Check> => ({
      ...(await post<Checked>("check", { ...place, expression: settled, expects }, signal)),
      text: settled,
    }),
    placeholderData: keepPreviousData,
    enabled: settled.trim() !== "",
    staleTime: 60_000,
  });
  return {
    check: isEmpty ? null : (data ?? null),
    error: isEmpty ? null : error,
    isFetching: isFetching || settled !== text,
  };
}
