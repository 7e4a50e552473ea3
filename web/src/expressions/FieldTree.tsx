import { type Key, SearchField, Text, TreeView, TreeViewItem, TreeViewItemContent, View } from "@adobe/react-spectrum";
import { useMemo, useState } from "react";
import { useT } from "@/i18n/useT";
import styles from "./FieldTree.module.css";
import { type FieldNode, type FieldRoot, filterTree, findNode, isPickable, openable, toTree } from "./fieldTree";
import type { ScopeField, ScopeRoot } from "./scope";

interface Props {
  roots: readonly ScopeRoot[];
  onPick: (field: ScopeField) => void;
  /** Which fields may be picked; all when left out. */
  accepts?: (field: ScopeField) => boolean;
  height?: string;
}

/** More matches than this are found, but not opened. */
const MAX_OPENED = 200;

/** The fields that may be read, to pick one: searched, or opened step by step. */
export function FieldTree({ roots, onPick, accepts, height = "320px" }: Props) {
  const t = useT();
  const tree = useMemo(() => toTree(roots), [roots]);
  const [search, setSearch] = useState("");
  const [opened, setOpened] = useState<Set<Key>>(() => new Set(tree[0] ? [tree[0].id] : []));
  const shown = useMemo(() => {
    const allows = accepts && ((node: FieldNode) => node.field !== null && accepts(node.field));
    return filterTree(tree, search, allows);
  }, [tree, search, accepts]);
  const expanded = useMemo(
    () => (search.trim() === "" ? opened : new Set<Key>(openable(shown).slice(0, MAX_OPENED))),
    [search, opened, shown],
  );
  const pick = (key: Key) => {
    const node = findNode(shown, String(key));
    if (node === null) return;
    if (node.field !== null && isPickable(node) && (accepts?.(node.field) ?? true)) onPick(node.field);
    else setOpened((before) => toggled(before, key));
  };
  return (
    <>
      <SearchField
        label={t("expressions.fields.search")}
        value={search}
        onChange={setSearch}
        width="100%"
        autoFocus
        marginBottom="size-100"
      />
      <View height={height} overflow="auto">
        {shown.length === 0 ? (
          <Text>{t("expressions.fields.none")}</Text>
        ) : (
          <TreeView
            aria-label={t("expressions.fields.title")}
            selectionMode="none"
            expandedKeys={expanded}
            onExpandedChange={(keys) => setOpened(new Set(keys))}
            onAction={pick}
            height={height}
          >
            {shown.map((root) => lines(root, expanded, t))}
          </TreeView>
        )}
      </View>
    </>
  );
}

/** A line and, where it is open, those below it: what is closed is not made. */
function lines(node: FieldNode, expanded: ReadonlySet<Key>, t: (id: string) => string) {
  const isOpen = expanded.has(node.id);
  const detail =
    "kind" in node
      ? t(`expressions.root.${(node as FieldRoot).kind}`)
      : t(`expressions.type.${node.field?.type ?? "object"}`);
  const isProfile = "kind" in node && (node as FieldRoot).kind === "profile" && node.id.startsWith("#");
  const name = isProfile ? t("expressions.profile") : node.name;
  const title = isProfile || node.title === node.name ? "" : node.title;
  return (
    <TreeViewItem
      id={node.id}
      key={node.id}
      textValue={`${node.name} ${title}`}
      hasChildItems={node.children.length > 0}
    >
      <TreeViewItemContent>
        <Text>
          <span className={styles.line}>
            <span className={styles.name}>{name}</span>
            {title !== "" && <span className={styles.title}>{title}</span>}
            <span className={styles.type}>{detail}</span>
          </span>
        </Text>
      </TreeViewItemContent>
      {isOpen && node.children.map((child) => lines(child, expanded, t))}
    </TreeViewItem>
  );
}

function toggled(keys: ReadonlySet<Key>, key: Key): Set<Key> {
  const next = new Set(keys);
  if (!next.delete(key)) next.add(key);
  return next;
}
