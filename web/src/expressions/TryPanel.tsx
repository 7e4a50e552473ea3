import { Flex, Item, Picker, TextField } from "@adobe/react-spectrum";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useReferences } from "@/activities/useReferences";
import { ApiError } from "@/api/error";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import styles from "./ExpressionField.module.css";
import { placeKey } from "./place";
import { type Reads, readsOf } from "./reads";
import { Sample } from "./Sample";
import { useSamples } from "./samples";
import type { ExpressionFault, ExpressionType, Place, Scope } from "./scope";
import { post, useSettled } from "./useExpression";

interface Props {
  text: string;
  place: Place;
  scope: Scope;
}

type Evaluated =
  | { value: unknown; type: ExpressionType; error?: undefined }
  | { error: Pick<ExpressionFault, "code" | "message"> };

/** The value of an expression, as one types, over samples of what it reads. */
export function TryPanel({ text, place, scope }: Props) {
  const t = useT();
  const { namespaces, isPending } = useReferences();
  const { texts, namespace, identity, setProfile } = useSamples();
  const reads = useMemo(() => readsOf(text), [text]);
  const body = useMemo(() => bodyOf(reads, texts, namespace, identity), [reads, texts, namespace, identity]);
  const asked = useSettled(useMemo(() => ({ text, body }), [text, body]));
  const { data, error } = useQuery({
    queryKey: ["expressions", "evaluate", placeKey(place), asked.text, asked.body],
    queryFn: ({ signal }) => post<Evaluated>("evaluate", { ...place, expression: asked.text, ...asked.body }, signal),
    placeholderData: keepPreviousData,
    enabled: asked.text.trim() !== "" && asked.body !== null,
    retry: false,
  });
  const isUnknown = error instanceof ApiError && error.status === 404 && reads.profile;
  return (
    <div className={styles.try}>
      {reads.events.map((name) => (
        <Sample key={name} kind="event" name={name} scope={scope} />
      ))}
      {reads.actions.map((name) => (
        <Sample key={name} kind="action" name={name} scope={scope} />
      ))}
      {reads.lookups.map((name) => (
        <Sample key={name} kind="datasetLookup" name={name} scope={scope} />
      ))}
      {reads.groups.map(({ source, group }) => (
        <Sample key={`${source}.${group}`} kind="dataSource" name={`${source}.${group}`} scope={scope} />
      ))}
      {reads.profile && (
        <Flex gap="size-100" wrap>
          <Picker
            label={t("expressions.try.namespace")}
            selectedKey={namespace}
            isLoading={isPending("namespaces")}
            onSelectionChange={(key) => setProfile(String(key), identity)}
            width="size-1600"
          >
            {namespaces.map(({ code, name }) => (
              <Item key={code}>{name}</Item>
            ))}
          </Picker>
          <TextField
            label={t("expressions.try.identity")}
            description={t("expressions.try.identity.help")}
            value={identity}
            onChange={(value) => setProfile(namespace, value)}
            flex
            minWidth="size-2000"
          />
        </Flex>
      )}
      {error !== null && !isUnknown && <ErrorNotice error={error} />}
      <div aria-live="polite" className={styles.result}>
        {body === null && t("expressions.try.notJson")}
        {isUnknown && t("expressions.try.noProfile")}
        {body !== null &&
          !isUnknown &&
          data?.error !== undefined &&
          t("expressions.try.failed", { message: data.error.message })}
        {body !== null && !isUnknown && data !== undefined && data.error === undefined && (
          <>
            <span>{t("expressions.try.result", { type: t(`expressions.type.${data.type}`) })}</span>
            <pre className={styles.value}>{JSON.stringify(data.value, null, 1)}</pre>
          </>
        )}
      </div>
    </div>
  );
}

/** What the server evaluates with; null while a sample is no JSON. */
function bodyOf(reads: Reads, texts: Record<string, string>, namespace: string, identity: string) {
  try {
    const read = (kind: string, name: string): unknown => JSON.parse(texts[`${kind}:${name}`]?.trim() || "{}");
    const all = (kind: string, names: string[]) => Object.fromEntries(names.map((name) => [name, read(kind, name)]));
    const dataSources: Record<string, Record<string, unknown>> = {};
    for (const { source, group } of reads.groups) {
      dataSources[source] = { ...dataSources[source], [group]: read("dataSource", `${source}.${group}`) };
    }
    return {
      events: all("event", reads.events),
      actions: all("action", reads.actions),
      datasetLookups: all("datasetLookup", reads.lookups),
      dataSources,
      ...(reads.profile && identity.trim() !== "" ? { profile: { namespace, id: identity.trim() } } : {}),
    };
  } catch {
    return null;
  }
}
