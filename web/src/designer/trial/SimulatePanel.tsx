import { Button, Item, NumberField, Picker, TextField } from "@adobe/react-spectrum";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "@/api/call";
import { useT } from "@/i18n/useT";
import { CodeArea } from "@/ui/CodeArea";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useDraftStore } from "../draftContext";
import { useNamesOf } from "../namesContext";
import panel from "../Panel.module.css";
import { PanelHead } from "../PanelHead";
import { Player } from "./Player";
import { readList } from "./readList";
import type { Outcome } from "./replay";
import styles from "./Trial.module.css";

const PERIODS = ["1d", "7d", "30d", "90d"] as const;

interface Props {
  versionUid: string;
  onClose: () => void;
}

/** Let made-up customers, or given events and people, go through the document as it is now under a virtual clock. */
export function SimulatePanel({ versionUid, onClose }: Props) {
  const t = useT();
  const store = useDraftStore();
  const names = useNamesOf();
  const [source, setSource] = useState<"generated" | "given">("generated");
  const [customers, setCustomers] = useState(100);
  const [until, setUntil] = useState<string>("30d");
  const [seed, setSeed] = useState("");
  const [events, setEvents] = useState(() => {
    const { nodes, entry } = store.getState().document;
    const uid = nodes[entry.node]?.eventUid;
    const event = typeof uid === "string" ? (names.event(uid) ?? uid) : "";
    return JSON.stringify([{ event, at: "1h", customer: "a@example.com" }], null, 2);
  });
  const [profiles, setProfiles] = useState("[]");
  const [rows, setRows] = useState("[]");
  const [givenEvents, givenProfiles, givenRows] = [readList(events), readList(profiles), readList(rows)];
  const isReady = givenRows !== null && (source === "generated" || (givenEvents !== null && givenProfiles !== null));
  const run = useMutation({
    mutationFn: async () => {
      const { document } = store.getState();
      const given = source === "given" ? { events: givenEvents, profiles: givenProfiles } : { customers };
      const path = `/journey/orchestration/journeyVersions/${encodeURIComponent(versionUid)}/simulate`;
      const outcome = await call<Outcome>("POST", path, {
        body: { document, until, seed, lookups: givenRows, ...given },
      });
      return { document, outcome };
    },
  });
  const { nodes } = store.getState().document;
  const readsRows = source === "given" || Object.values(nodes).some(({ type }) => type === "datasetLookup");
  const json = (label: string, value: string, onChange: (text: string) => void, isRight: boolean, help?: string) => (
    <CodeArea
      label={label}
      description={help}
      value={value}
      onChange={onChange}
      height="size-2000"
      validationState={isRight ? undefined : "invalid"}
      errorMessage={t("trial.list.invalid")}
    />
  );
  return (
    <aside className={panel.panel} aria-label={t("trial.simulate")}>
      <PanelHead title={t("trial.simulate")} onClose={onClose} />
      <div className={styles.form}>
        <span>{t("trial.simulate.detail")}</span>
        <Picker
          label={t("trial.source")}
          selectedKey={source}
          onSelectionChange={(key) => setSource(key === "given" ? "given" : "generated")}
          width="100%"
        >
          <Item key="generated">{t("trial.source.generated")}</Item>
          <Item key="given">{t("trial.source.given")}</Item>
        </Picker>
        {source === "generated" ? (
          <NumberField
            label={t("trial.customers")}
            value={customers}
            onChange={setCustomers}
            minValue={1}
            maxValue={10_000}
            width="100%"
          />
        ) : (
          <>
            {json(t("trial.events"), events, setEvents, givenEvents !== null)}
            {json(t("trial.profiles"), profiles, setProfiles, givenProfiles !== null)}
          </>
        )}
        {readsRows && json(t("trial.lookups"), rows, setRows, givenRows !== null, t("trial.lookups.detail"))}
        <Picker
          label={t("trial.until")}
          selectedKey={until}
          onSelectionChange={(key) => setUntil(String(key))}
          width="100%"
        >
          {PERIODS.map((period) => (
            <Item key={period}>{t(`trial.period.${period}`)}</Item>
          ))}
        </Picker>
        <TextField
          label={t("trial.seed")}
          description={t("trial.seed.detail")}
          value={seed}
          onChange={setSeed}
          width="100%"
        />
        <Button variant="accent" isDisabled={!isReady} isPending={run.isPending} onPress={() => run.mutate()}>
          {t("trial.run")}
        </Button>
      </div>
      {run.error !== null && <ErrorNotice error={run.error} />}
      {run.data !== undefined && (
        <Player key={run.submittedAt} document={run.data.document} outcome={run.data.outcome} />
      )}
    </aside>
  );
}
