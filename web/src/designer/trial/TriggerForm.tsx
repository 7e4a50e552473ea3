import { Button, Heading, Item, Picker, Switch } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { LOADERS } from "@/activities/references";
import { useSchemaFields } from "@/activities/useSchemaFields";
import { call } from "@/api/call";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { CodeArea } from "@/ui/CodeArea";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { useAct } from "@/ui/useAct";
import { useDraft } from "../draftContext";
import { EventFields } from "./EventFields";
import { audienceReadOf, eventsOf, formFields, readObject, readValues, type Values } from "./eventForm";
import { OneProfile } from "./OneProfile";
import { TestProfileField } from "./TestProfileField";
import styles from "./Trial.module.css";

const ROOT = "/journey/orchestration/events";

/** Send an event of the journey, by a form of its fields or as JSON. It is real: every journey hears of it. */
export function TriggerForm({ versionUid }: { versionUid: string }) {
  const t = useT();
  const maySend = useMay("journeys_events.write");
  const document = useDraft((draft) => draft.document);
  const known = useQuery({ queryKey: ["references", "events"], queryFn: LOADERS.events, staleTime: 20_000 });
  const used = eventsOf(document);
  const events = (known.data ?? []).filter((event) => used.includes(event.uid));
  const [picked, setPicked] = useState<string | null>(null);
  const event = events.find((one) => one.uid === picked) ?? events.find((one) => one.uid === used[0]);
  const schema = useSchemaFields(event?.schemaRef.id);
  const fields = formFields(schema.fields, event?.fields ?? []);
  const [identity, setIdentity] = useState("");
  const [values, setValues] = useState<Values>({});
  const [isJson, setJson] = useState(false);
  const [typed, setTyped] = useState<string | null>(null);
  const sample = useQuery({
    queryKey: ["trial", "payload", event?.uid],
    queryFn: () => call<unknown>("GET", `${ROOT}/${event?.uid}/payload`, { query: { values: "examples" } }),
    enabled: isJson && event !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const text = typed ?? (sample.data === undefined ? "" : JSON.stringify(sample.data, null, 2));
  const payload = readObject(text);
  const trigger = useAct(
    () => {
      const given = { fields: readValues(fields, values), ...(identity === "" ? {} : { profileIdentifier: identity }) };
      return call("POST", `${ROOT}/${event?.uid}/send`, { body: isJson ? { payload } : given });
    },
    { invalidates: [["trial", "log"]], done: t("trial.sent"), showsError: true },
  );
  if (known.error !== null) return <ErrorNotice error={known.error} onRetry={() => void known.refetch()} />;
  if (known.data === undefined) return <Loading />;
  const reads = audienceReadOf(document) !== null;
  if (event === undefined && reads) return <OneProfile versionUid={versionUid} document={document} event={{}} />;
  if (event === undefined) return <p>{t("trial.noEvent")}</p>;
  const begin = document.nodes[document.entry.node]?.type;
  const isBusiness = event.type === "business";
  const given = isJson ? (payload === null ? null : { payload }) : { fields: readValues(fields, values) };
  return (
    <div className={styles.form}>
      <Picker
        label={t("trial.event")}
        items={events}
        selectedKey={event.uid}
        onSelectionChange={(key) => {
          setPicked(String(key));
          setValues({});
          setTyped(null);
        }}
        width="100%"
      >
        {(one) => <Item key={one.uid}>{one.name}</Item>}
      </Picker>
      <Switch isSelected={isJson} onChange={setJson}>
        {t("trial.json")}
      </Switch>
      {isJson ? (
        <CodeArea
          label={t("trial.payload")}
          value={text}
          onChange={setTyped}
          validationState={text === "" || payload !== null ? undefined : "invalid"}
          errorMessage={t("trial.payload.invalid")}
          height="size-3600"
        />
      ) : (
        <>
          {event.type === "unitary" && (
            <TestProfileField namespace={event.namespace ?? ""} value={identity} onChange={setIdentity} />
          )}
          <EventFields fields={fields} values={values} onChange={setValues} />
        </>
      )}
      {schema.error !== null && <ErrorNotice error={schema.error} />}
      {trigger.error !== null && <ErrorNotice error={trigger.error} />}
      <Button
        variant="accent"
        isDisabled={!maySend || (isJson && payload === null)}
        isPending={trigger.isPending}
        onPress={() => trigger.mutate()}
      >
        {t(isBusiness ? "trial.sendToAll" : "trial.send")}
      </Button>
      {reads && isBusiness === (begin === "businessEvent") && (
        <>
          <Heading level={4}>{t("trial.one")}</Heading>
          <OneProfile versionUid={versionUid} document={document} event={isBusiness ? given : {}} />
        </>
      )}
    </div>
  );
}
