import { Button, Switch, Text } from "@adobe/react-spectrum";
import { useState } from "react";
import { call } from "@/api/call";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { useAct } from "@/ui/useAct";
import panel from "../Panel.module.css";
import { PanelHead } from "../PanelHead";
import { type JourneyVersion, versionQuery } from "../version";
import styles from "./Trial.module.css";

interface Props {
  version: JourneyVersion;
  /** Bring the draft to the server first. */
  beforeAct: () => Promise<void>;
  onClose: () => void;
}

/** A dry run: what of it is real, its beginning and its end; its counts stand on the canvas. */
export function DryRunPanel({ version, beforeAct, onClose }: Props) {
  const t = useT();
  const mayStart = useMay("journeys.publish");
  const mayEnd = useMay("journeys.write");
  const isOn = version.status === "Dry Run";
  const [waits, setWaits] = useState(false);
  const [dataSources, setDataSources] = useState(false);
  const path = `/journey/orchestration/journeyVersions/${encodeURIComponent(version.uid)}`;
  const settings = { invalidates: [versionQuery(version.uid).queryKey] };
  const start = useAct(
    async () => {
      await beforeAct();
      return call("POST", `${path}/dryRun`, { body: { waits, dataSources } });
    },
    { ...settings, done: t("designer.did.dryRun") },
  );
  const end = useAct(() => call("POST", `${path}/endDryRun`), { ...settings, done: t("designer.did.endDryRun") });
  return (
    <aside className={panel.panel} aria-label={t("trial.dryRun")}>
      <PanelHead title={t("trial.dryRun")} onClose={onClose} />
      <div className={styles.form}>
        <Text>{t(isOn ? "trial.dryRun.on" : "trial.dryRun.off")}</Text>
        {isOn ? (
          <Button variant="secondary" isDisabled={!mayEnd} isPending={end.isPending} onPress={() => end.mutate()}>
            {t("designer.do.endDryRun")}
          </Button>
        ) : (
          <>
            <Switch isSelected={waits} onChange={setWaits}>
              {t("trial.dryRun.waits")}
            </Switch>
            <Switch isSelected={dataSources} onChange={setDataSources}>
              {t("trial.dryRun.dataSources")}
            </Switch>
            <Button variant="accent" isDisabled={!mayStart} isPending={start.isPending} onPress={() => start.mutate()}>
              {t("trial.dryRun.start")}
            </Button>
          </>
        )}
      </div>
    </aside>
  );
}
