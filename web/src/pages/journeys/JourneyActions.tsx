import { ActionMenu, Item } from "@adobe/react-spectrum";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { call } from "@/api/call";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { useAct } from "@/ui/useAct";
import { versionPath } from "./addresses";
import { canPause, canResume, isDeletable, type JourneyRow } from "./journey";
import { act, newVersion, type Version } from "./queries";

/** What can be done with a journey of the list; what isn't allowed, or not in its status, isn't offered. */
export function JourneyActions({ row, onDeleted }: { row: JourneyRow; onDeleted?: () => void }) {
  const t = useT();
  const navigate = useNavigate();
  const [isAsked, setAsked] = useState(false);
  const [mayWrite, mayPublish] = [useMay("journeys.write"), useMay("journeys.publish")];
  const [mayDelete, mayReport] = [useMay("journeys.delete"), useMay("journeys_report.read")];
  const invalidates = [["journeys"]];
  const open = (version: Version) => void navigate({ to: versionPath(version.journeyUid, version.uid) });
  const renew = useAct(() => newVersion(row.uid), { invalidates, onDone: open });
  const duplicate = useAct(() => act(row.latest.uid, "duplicate", {}), {
    invalidates,
    onDone: open,
    done: (copy) => t("journeys.done.duplicate", { name: copy.name }),
  });
  const verb = useAct((name: "pause" | "resume") => act(row.live?.uid ?? row.latest.uid, name), {
    invalidates,
    done: (_, name) => t(`journeys.done.${name}`, { name: row.name }),
  });
  const archive = useAct(
    (name: "archive" | "restore") => call("POST", `/journey/orchestration/journeys/${row.uid}/${name}`),
    { invalidates, done: (_, name) => t(`journeys.done.${name}`, { name: row.name }) },
  );
  const remove = useAct(() => call("DELETE", `/journey/orchestration/journeys/${row.uid}`), {
    invalidates,
    done: t("journeys.done.delete", { name: row.name }),
    onDone: onDeleted,
  });
  const offered = [
    { id: "open", isOffered: true },
    { id: "versions", isOffered: true },
    { id: "report", isOffered: mayReport && row.latest.status !== "Draft" },
    { id: "newVersion", isOffered: mayWrite && !["Draft", "Testing", "Dry Run"].includes(row.latest.status) },
    { id: "duplicate", isOffered: mayWrite },
    { id: "pause", isOffered: mayPublish && canPause(row) },
    { id: "resume", isOffered: mayPublish && canResume(row) },
    { id: "archive", isOffered: mayWrite && !row.isArchived && row.live === null },
    { id: "restore", isOffered: mayWrite && row.isArchived },
    { id: "delete", isOffered: mayDelete && isDeletable(row) },
  ].filter((one) => one.isOffered);
  const choose = (key: string) => {
    const params = { uid: row.uid, versionUid: (row.live ?? row.latest).uid };
    if (key === "open") {
      void navigate({ to: versionPath(row.uid, row.latest.uid) });
    } else if (key === "versions") void navigate({ to: "/journeys/$uid", params: { uid: row.uid } });
    else if (key === "report") void navigate({ to: "/journeys/$uid/report/$versionUid", params });
    else if (key === "newVersion") renew.mutate();
    else if (key === "duplicate") duplicate.mutate();
    else if (key === "pause" || key === "resume") verb.mutate(key);
    else if (key === "archive" || key === "restore") archive.mutate(key);
    else setAsked(true);
  };
  return (
    <>
      <ActionMenu
        isQuiet
        aria-label={t("common.actionsOf", { name: row.name })}
        items={offered}
        onAction={(key) => choose(String(key))}
      >
        {(item) => <Item>{t(`journeys.act.${item.id}`)}</Item>}
      </ActionMenu>
      <Asked
        isOpen={isAsked}
        title={t("journeys.delete.title", { name: row.name })}
        confirm={t("common.delete")}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsked(false)}
      >
        {t("journeys.delete.detail")}
      </Asked>
    </>
  );
}
