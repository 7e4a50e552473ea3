import { AlertDialog, DialogContainer, ToastQueue } from "@adobe/react-spectrum";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useReactFlow } from "@xyflow/react";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, read } from "@/api/client";
import { useSession } from "@/api/useSession";
import { queryClient } from "@/app/queryClient";
import type { NodeId } from "@/flow/document";
import { place } from "@/flow/edit";
import { useT } from "@/i18n/useT";
import { Leave } from "@/ui/Leave";
import { startAutosave } from "./autosave";
import { Canvas } from "./Canvas";
import { addComment } from "./comments";
import styles from "./Designer.module.css";
import { type Panel, panelOf, searchOf } from "./designerSearch";
import { useDraft, useDraftStore } from "./draftContext";
import { FaultList } from "./FaultList";
import { SaveFragmentDialog } from "./fragments/SaveFragmentDialog";
import { Inspector } from "./Inspector";
import { KeysDialog } from "./KeysDialog";
import { LifecycleButtons } from "./LifecycleButtons";
import { spokenTitle } from "./labels";
import { CountersBar } from "./live/CountersBar";
import { PeoplePanel } from "./live/PeoplePanel";
import { useCounters } from "./live/useCounters";
import { useLiveOverlay } from "./live/useLiveOverlay";
import { useNamesOf } from "./namesContext";
import { Palette } from "./Palette";
import { PropertiesPanel } from "./properties/PropertiesPanel";
import { ReviewPanel } from "./review/ReviewPanel";
import { SourceDialog } from "./SourceDialog";
import { Toolbar } from "./Toolbar";
import { tidy } from "./tidy";
import { BacktestPanel } from "./trial/BacktestPanel";
import { useBacktest } from "./trial/backtestRun";
import { DryRunPanel } from "./trial/DryRunPanel";
import { SimulatePanel } from "./trial/SimulatePanel";
import { TestPanel } from "./trial/TestPanel";
import { forget, recall, type Unsaved } from "./unsaved";
import { useFaults } from "./useFaults";
import { lookAt, useBeginning, useInView } from "./useInView";
import { useKeys } from "./useKeys";
import { useSelectedInAddress } from "./useSelectedInAddress";
import { hasPeople, type JourneyVersion, saveVersion, versionQuery } from "./version";

/** One version on the canvas, with everything around it. */
export function Designer({ version }: { version: JourneyVersion }) {
  const t = useT();
  const store = useDraftStore();
  const session = useSession();
  const navigate = useNavigate();
  const flow = useReactFlow();
  const begin = useBeginning();
  const document = useDraft((draft) => draft.document);
  const isReadOnly = useDraft((draft) => draft.isReadOnly);
  const { faults, isChecked, error } = useFaults(document);
  const names = useNamesOf();
  const isRunning = hasPeople(version.status);
  const { counters, isLost } = useCounters(version.uid, isRunning);
  useLiveOverlay(counters, document);
  const search = useSearch({ from: "/shell/journeys/$uid/versions/$versionUid" });
  const panel = panelOf(search, version.status);
  const [dialog, setDialog] = useState<"source" | "keys" | "fragment" | null>(null);
  const [kept, setKept] = useState<Unsaved | null>(null);
  const saver = useRef<ReturnType<typeof startAutosave> | null>(null);

  useEffect(() => {
    const started = startAutosave(version.uid, store, {
      save: (next, etag) => saveVersion(version.uid, next, etag),
      load: () => queryClient.fetchQuery({ ...versionQuery(version.uid), staleTime: 0 }),
    });
    saver.current = started;
    return () => {
      void started.flush().finally(started.stop);
    };
  }, [version.uid, store]);

  useEffect(() => {
    const found = recall(version.uid);
    if (found === null) return;
    if (store.getState().isReadOnly || JSON.stringify(found.document) === JSON.stringify(store.getState().document))
      forget(version.uid);
    else setKept(found);
  }, [version.uid, store]);

  const hasUnsaved = useCallback(
    () => !["saved"].includes(store.getState().save.kind) && !store.getState().isReadOnly,
    [store],
  );
  useEffect(() => {
    globalThis.document.title = `${document.name} · Parcours`;
  }, [document.name]);

  const change = useNavigate({ from: "/journeys/$uid/versions/$versionUid" });
  const setPanel = useCallback(
    (next: Panel) => {
      const { selected } = store.getState();
      const only = selected.size === 1 ? [...selected].find((id) => !id.startsWith("#")) : undefined;
      const told = searchOf(next, version.status, only);
      void change({ search: (before) => ({ ...before, ...told }), replace: true });
    },
    [change, store, version.status],
  );
  const select = useCallback(
    (node: NodeId | undefined) => void change({ search: (before) => ({ ...before, node }), replace: true }),
    [change],
  );
  useSelectedInAddress(search, select);
  useInView(panel);
  const forgetBacktest = useBacktest((state) => state.forget);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another version's backtest is not this one's
  useEffect(() => forgetBacktest, [version.uid, forgetBacktest]);

  const open = useCallback(
    (id: NodeId) => setPanel({ kind: isRunning ? "people" : "node", id }),
    [isRunning, setPanel],
  );
  const close = useCallback(() => setPanel(null), [setPanel]);
  const help = useCallback(() => setDialog("keys"), []);
  const refuse = useCallback((reason: string) => ToastQueue.info(reason, { timeout: 5_000 }), []);
  useKeys({ onOpen: open, onClose: close, onHelp: help });

  const jumpTo = (id: NodeId) => {
    store.getState().select([id]);
    setPanel({ kind: "node", id });
    lookAt(flow, id, { maxZoom: 1, duration: 200 });
  };

  const layOut = async () => {
    const { document: now, change: edit } = store.getState();
    edit(place(now, await tidy(now)));
    requestAnimationFrame(() => begin(now.entry.node, { duration: 200 }));
  };

  const titleOfPeople = (id: NodeId | null): string => {
    const node = id === null ? undefined : document.nodes[id];
    if (id === null || node === undefined) return t("live.people");
    return t("live.people.at", { name: spokenTitle(id, node, names, t) });
  };

  const comment = () => {
    const { document: now, change: edit } = store.getState();
    const centre = flow.screenToFlowPosition({ x: window.innerWidth / 2, y: window.innerHeight / 2 });
    edit(addComment(now, { x: Math.round(centre.x), y: Math.round(centre.y) }, session.user.name));
  };

  const more = async (act: "source" | "keys" | "duplicate" | "newVersion" | "export" | "fragment") => {
    if (act === "source" || act === "keys" || act === "fragment") return setDialog(act);
    const at = { params: { path: { uid: act === "newVersion" ? version.journeyUid : version.uid } } };
    try {
      await saver.current?.flush();
      if (act === "export") {
        const found = await read<unknown>(api.GET("/journey/orchestration/journeyVersions/{uid}/export", at));
        return download(`${version.name}.json`, JSON.stringify(found, null, 2));
      }
      const made =
        act === "duplicate"
          ? await read<JourneyVersion>(
              api.POST("/journey/orchestration/journeyVersions/{uid}/duplicate", { ...at, body: {} }),
            )
          : await read<JourneyVersion>(api.POST("/journey/orchestration/journeys/{uid}/versions", at));
      void queryClient.invalidateQueries({ queryKey: ["journeys"] });
      await navigate(addressOf(made));
    } catch (failure) {
      ToastQueue.negative(failure instanceof Error ? failure.message : String(failure));
    }
  };

  return (
    <div className={styles.designer} data-panel={panel !== null || undefined} data-fixed={isReadOnly || undefined}>
      <Toolbar
        version={version}
        faults={faults}
        isChecked={isChecked}
        onSave={() => void saver.current?.flush()}
        onTidy={() => void layOut()}
        onComment={comment}
        onPanel={(kind) => setPanel(panel?.kind === kind ? null : kind === "people" ? { kind, id: null } : { kind })}
        onMore={(what) => void more(what)}
      >
        <LifecycleButtons
          version={version}
          beforeAct={async () => saver.current?.flush()}
          onFaults={() => setPanel({ kind: "faults" })}
        />
      </Toolbar>
      <p className={styles.small}>{t(isReadOnly ? "designer.small.look" : "designer.small.edit")}</p>
      {!isReadOnly && <Palette onOpen={open} />}
      <div className={styles.canvas}>
        {counters !== null && <CountersBar counters={counters} isLost={isLost} />}
        <Canvas faults={faults} onRefusal={refuse} onOpen={open} at={search.node} />
      </div>
      {panel?.kind === "node" && (
        <Inspector id={panel.id} faults={faults.filter((fault) => fault.nodeId === panel.id)} onClose={close} />
      )}
      {panel?.kind === "people" && (
        <PeoplePanel
          key={panel.id}
          versionUid={version.uid}
          nodeId={panel.id}
          title={titleOfPeople(panel.id)}
          onClose={close}
          onSettings={panel.id === null ? null : () => setPanel({ kind: "node", id: panel.id ?? "" })}
        />
      )}
      {panel?.kind === "simulate" && <SimulatePanel versionUid={version.uid} onClose={close} />}
      {panel?.kind === "backtest" && <BacktestPanel versionUid={version.uid} onClose={close} />}
      {panel?.kind === "test" && (
        <TestPanel version={version} beforeAct={async () => saver.current?.flush()} onClose={close} />
      )}
      {panel?.kind === "dryRun" && (
        <DryRunPanel version={version} beforeAct={async () => saver.current?.flush()} onClose={close} />
      )}
      {panel?.kind === "approval" && <ReviewPanel versionUid={version.uid} onClose={close} />}
      {panel?.kind === "properties" && <PropertiesPanel version={version} onClose={close} />}
      {panel?.kind === "faults" && <FaultList faults={faults} error={error} onOpen={jumpTo} onClose={close} />}
      <DialogContainer onDismiss={() => setDialog(null)}>
        {dialog === "source" && <SourceDialog onClose={() => setDialog(null)} />}
        {dialog === "keys" && <KeysDialog />}
        {dialog === "fragment" && <SaveFragmentDialog onClose={() => setDialog(null)} />}
      </DialogContainer>
      <DialogContainer onDismiss={() => setKept(null)}>
        {kept !== null && (
          <AlertDialog
            title={t("designer.kept.title")}
            variant="confirmation"
            primaryActionLabel={t("designer.kept.take")}
            secondaryActionLabel={t("designer.kept.drop")}
            cancelLabel={t("designer.kept.later")}
            onPrimaryAction={() => {
              store.getState().change(kept.document);
              setKept(null);
            }}
            onSecondaryAction={() => {
              forget(version.uid);
              setKept(null);
            }}
          >
            {t("designer.kept.detail", { at: new Date(kept.at).toLocaleString() })}
          </AlertDialog>
        )}
      </DialogContainer>
      <Leave isDirty={hasUnsaved} before={async () => saver.current?.flush()} />
    </div>
  );
}

/** Where a version is edited. A copy comes as a journey, a new version as itself. */
function addressOf(made: JourneyVersion & { latestVersionUid?: string; versionUid?: string }) {
  const versionUid = made.latestVersionUid ?? made.versionUid ?? made.uid;
  const uid = made.journeyUid ?? made.uid;
  return { to: "/journeys/$uid/versions/$versionUid", params: { uid, versionUid } } as const;
}

function download(name: string, text: string): void {
  const link = globalThis.document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
