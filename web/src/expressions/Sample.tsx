import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useReferences } from "@/activities/useReferences";
import { send } from "@/api/client";
import { useT } from "@/i18n/useT";
import { CodeArea } from "@/ui/CodeArea";
import { sampleOf } from "./sampleOf";
import { useSamples } from "./samples";
import type { Scope } from "./scope";

interface Props {
  kind: "event" | "action" | "datasetLookup" | "dataSource";
  name: string;
  scope: Scope;
}

interface Payload {
  body?: { xdmEntity?: unknown };
}

/** A sample as JSON: of an event its payload with example values, of anything else one made of its fields. */
export function Sample({ kind, name, scope }: Props) {
  const t = useT();
  const key = `${kind}:${name}`;
  const text = useSamples((state) => state.texts[key]);
  const setText = useSamples((state) => state.setText);
  const { events } = useReferences();
  const uid = kind === "event" ? events.find((event) => event.name === name)?.uid : undefined;
  const { data, isError } = useQuery({
    queryKey: ["expressions", "sample", uid],
    queryFn: async (): Promise<Payload> =>
      (await send(`/journey/orchestration/events/${uid}/payload?values=examples`)).json(),
    enabled: uid !== undefined && text === undefined,
    staleTime: 60_000,
  });
  useEffect(() => {
    if (text !== undefined) return;
    const known = uid === undefined || isError ? sampleOf(scope, kind, name) : data?.body?.xdmEntity;
    if (known !== undefined && known !== null) setText(key, JSON.stringify(known, null, 2));
  }, [text, uid, isError, data, scope, kind, name, key, setText]);
  return (
    <CodeArea
      label={t(`expressions.try.${kind}`, { name })}
      value={text ?? ""}
      onChange={(next) => setText(key, next)}
      validationState={isJson(text) ? undefined : "invalid"}
      errorMessage={t("expressions.try.notJson")}
      height="size-1700"
    />
  );
}

function isJson(text: string | undefined): boolean {
  try {
    JSON.parse(text?.trim() || "{}");
    return true;
  } catch {
    return false;
  }
}
