import { Button, Heading, NumberField, Text } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "@/api/call";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { useAct } from "@/ui/useAct";
import panel from "../Panel.module.css";
import { PanelHead } from "../PanelHead";
import { type JourneyVersion, versionQuery } from "../version";
import { TestLog } from "./TestLog";
import styles from "./Trial.module.css";
import { TriggerForm } from "./TriggerForm";
import { type LogEntry, shownEntry } from "./testLog";

interface Props {
  version: JourneyVersion;
  /** Bring the draft to the server first. */
  beforeAct: () => Promise<void>;
  onClose: () => void;
}

const LOG_MS = 1_500;

/** Test mode: how long waits last, an event to trigger, and what becomes of the test profiles. */
export function TestPanel({ version, beforeAct, onClose }: Props) {
  const t = useT();
  const mayWrite = useMay("journeys.write");
  const isOn = version.status === "Testing";
  const [waitSeconds, setWait] = useState(10);
  const [chosen, setChosen] = useState<string | null>(null);
  const path = `/journey/orchestration/journeyVersions/${encodeURIComponent(version.uid)}`;
  const settings = { invalidates: [versionQuery(version.uid).queryKey] };
  const start = useAct(
    async () => {
      await beforeAct();
      return call("POST", `${path}/test`, { body: { waitSeconds } });
    },
    { ...settings, done: t("designer.did.test") },
  );
  const end = useAct(() => call("POST", `${path}/endTest`), { ...settings, done: t("designer.did.endTest") });
  const log = useQuery({
    queryKey: ["trial", "log", version.uid],
    queryFn: () => call<{ results: LogEntry[] }>("GET", `${path}/testLog`, { query: { limit: 50 } }),
    enabled: isOn,
    refetchInterval: LOG_MS,
  });
  const entries = log.data?.results ?? [];
  return (
    <aside className={panel.panel} aria-label={t("trial.test")}>
      <PanelHead title={t("trial.test")} onClose={onClose} />
      <div className={styles.form}>
        <Text>{t(isOn ? "trial.test.on" : "trial.test.off")}</Text>
        {isOn ? (
          <Button variant="secondary" isDisabled={!mayWrite} isPending={end.isPending} onPress={() => end.mutate()}>
            {t("designer.do.endTest")}
          </Button>
        ) : (
          <>
            <NumberField
              label={t("trial.wait")}
              description={t("trial.wait.detail")}
              value={waitSeconds}
              onChange={setWait}
              minValue={1}
              maxValue={3_600}
              width="100%"
            />
            <Button variant="accent" isDisabled={!mayWrite} isPending={start.isPending} onPress={() => start.mutate()}>
              {t("trial.start")}
            </Button>
          </>
        )}
      </div>
      {isOn && (
        <>
          <Heading level={3}>{t("trial.trigger")}</Heading>
          <TriggerForm versionUid={version.uid} />
          <Heading level={3}>{t("trial.log")}</Heading>
          <TestLog
            entries={entries}
            error={log.error}
            shown={shownEntry(entries, chosen)}
            onChoose={(id) => setChosen(id === chosen ? null : id)}
          />
        </>
      )}
    </aside>
  );
}
