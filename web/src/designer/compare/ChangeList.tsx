import { Heading, Text } from "@adobe/react-spectrum";
import { KINDS } from "@/activities/registry";
import type { Change, Diff } from "@/flow/diff";
import type { JourneyDocument, JourneyEdge, NodeId } from "@/flow/document";
import { useT } from "@/i18n/useT";
import { titleOf } from "../labels";
import { useNamesOf } from "../namesContext";
import styles from "./Compare.module.css";
import { MemberTable } from "./MemberTable";

interface Props {
  found: Diff;
  both: JourneyDocument;
  before: JourneyDocument;
  /** The activity whose members are shown. */
  opened: string | undefined;
  onOpen: (id: NodeId) => void;
}

/** Every difference in words; each line leads to its activity. */
export function ChangeList({ found, both, before, opened, onOpen }: Props) {
  const t = useT();
  const names = useNamesOf();
  const nameOf = (id: NodeId, of: JourneyDocument = both): string => {
    const node = of.nodes[id] ?? both.nodes[id];
    if (node === undefined) return id;
    const summary = node.label ? "" : KINDS[node.type].summary(node, names, t);
    return summary === "" ? titleOf(node, names, t) : t("compare.way", { name: titleOf(node, names, t), way: summary });
  };
  const startOf = ({ from, kind, path }: JourneyEdge): string =>
    kind === undefined || kind === "default"
      ? nameOf(from)
      : t("compare.way", { name: nameOf(from), way: path ?? kind });
  const count = found.nodes.length + found.edges.length + found.properties.length;
  return (
    <section className={styles.changes} aria-label={t("compare.changes")}>
      <Heading level={2} margin={0}>
        {t("compare.changes")}
      </Heading>
      <Text>{count === 0 ? t("compare.none") : t("compare.count", { count })}</Text>
      {found.properties.length > 0 && (
        <>
          <p>{t("compare.properties", { count: found.properties.length })}</p>
          <MemberTable members={found.properties} />
        </>
      )}
      <ul>
        {found.nodes.map(({ id, change, members }) => (
          <li key={id}>
            <button
              type="button"
              className={styles.line}
              aria-expanded={change === "changed" ? opened === id : undefined}
              onClick={() => onOpen(id)}
            >
              <Sign change={change} />
              {t(`compare.node.${change}`, {
                name: nameOf(id, change === "removed" ? before : both),
                count: members.length,
              })}
            </button>
            {opened === id && members.length > 0 && <MemberTable members={members} />}
          </li>
        ))}
        {found.edges.map(({ id, change, edge }) => (
          <li key={id}>
            <button type="button" className={styles.line} onClick={() => onOpen(edge.from)}>
              <Sign change={change} />
              {t(`compare.edge.${change}`, { from: startOf(edge), to: nameOf(edge.to) })}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Sign({ change }: { change: Change }) {
  const t = useT();
  return (
    <span className={styles.sign} data-change={change} aria-hidden>
      {t(`compare.sign.${change}`)}
    </span>
  );
}
