import { useReactFlow } from "@xyflow/react";
import { useEffect, useMemo } from "react";
import { diff, union } from "@/flow/diff";
import type { JourneyDocument, NodeId } from "@/flow/document";
import { useT } from "@/i18n/useT";
import { Canvas } from "../Canvas";
import { DraftContext } from "../draftContext";
import { createDraftStore } from "../draftStore";
import { useOverlay } from "../overlay";
import { ChangeList, Sign } from "./ChangeList";
import styles from "./Compare.module.css";
import { compareOverlay } from "./compareOverlay";

const NO_FAULTS: never[] = [];
const nothing = () => undefined;
const CHANGES = ["added", "removed", "changed"] as const;

interface Props {
  before: JourneyDocument;
  after: JourneyDocument;
  opened: string | undefined;
  onOpen: (id: NodeId) => void;
}

/** Both versions in one graph, with the list of what differs. */
export function Comparison({ before, after, opened, onOpen }: Props) {
  const t = useT();
  const flow = useReactFlow();
  const { show, clear } = useOverlay();
  const both = useMemo(() => union(before, after), [before, after]);
  const found = useMemo(() => diff(before, after), [before, after]);
  const store = useMemo(() => createDraftStore(both, "", true), [both]);
  useEffect(() => {
    show(compareOverlay(both, found, (change) => t(`compare.change.${change}`)));
    return clear;
  }, [both, found, show, clear, t]);
  const jump = (id: NodeId) => {
    store.getState().select([id]);
    void flow.fitView({ nodes: [{ id }], maxZoom: 1, duration: 200 });
    onOpen(id);
  };
  return (
    <DraftContext value={store}>
      <section className={styles.canvas} aria-label={t("compare.canvas")}>
        <ul className={styles.legend} aria-label={t("compare.legend")}>
          {CHANGES.map((change) => (
            <li key={change}>
              <Sign change={change} />
              {t(`compare.change.${change}`)}
            </li>
          ))}
        </ul>
        <Canvas faults={NO_FAULTS} onRefusal={nothing} onOpen={jump} at={opened} />
      </section>
      <ChangeList found={found} both={both} before={before} opened={opened} onOpen={jump} />
    </DraftContext>
  );
}
