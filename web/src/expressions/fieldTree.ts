import type { RootKind, ScopeField, ScopeRoot } from "./scope";

/** A field, or what fields hang on, as the tree of fields shows it. */
export interface FieldNode {
  /** Unique in the tree: root and path. */
  id: string;
  name: string;
  title: string;
  /** Null of a root, and of a step on the way to a field. */
  field: ScopeField | null;
  children: FieldNode[];
}

export interface FieldRoot extends FieldNode {
  kind: RootKind;
  isOpen: boolean;
  isCut: boolean;
}

/** The name of what a root stands for: `OrderPlaced` of `@event{OrderPlaced`. */
export function nameOf(root: ScopeRoot): string {
  const name = root.reference.slice(root.reference.indexOf("{") + 1);
  return name === "" ? root.title : name.replace(/^ExperiencePlatform\./, "");
}

/** The fields of a scope as trees, in their order. */
export function toTree(roots: readonly ScopeRoot[]): FieldRoot[] {
  return roots.map((root) => {
    const top: FieldRoot = {
      id: root.reference,
      name: nameOf(root),
      title: root.title,
      field: null,
      children: [],
      kind: root.kind,
      isOpen: root.isOpen ?? false,
      isCut: root.isCut ?? false,
    };
    const known = new Map<string, FieldNode>([["", top]]);
    for (const field of root.fields) place(known, root.reference, field);
    return top;
  });
}

function place(known: Map<string, FieldNode>, reference: string, field: ScopeField): void {
  const node = nodeAt(known, reference, field.path);
  node.field = field;
  node.title = field.title;
}

function nodeAt(known: Map<string, FieldNode>, reference: string, path: string): FieldNode {
  const found = known.get(path);
  if (found !== undefined) return found;
  const cut = path.lastIndexOf(".");
  const parent = nodeAt(known, reference, cut < 0 ? "" : path.slice(0, cut));
  const name = path.slice(cut + 1);
  const node: FieldNode = { id: `${reference}.${path}`, name, title: name, field: null, children: [] };
  parent.children.push(node);
  known.set(path, node);
  return node;
}

/** Whether a node is a value that can be picked: an object is none. */
export const isPickable = (node: FieldNode): boolean => node.field !== null && node.field.type !== "object";

/** One line of the tree as it is drawn. */
export interface Line {
  node: FieldNode;
  level: number;
  isOpen: boolean;
  /** Its place among its siblings, from 1, and their number. */
  place: number;
  siblings: number;
  parent: string | null;
}

/** The lines to draw: what is below open nodes; of a search, every match with what it hangs on. */
export function linesOf(
  roots: readonly FieldNode[],
  open: ReadonlySet<string>,
  search: string,
  accepts: (node: FieldNode) => boolean = () => true,
): Line[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const lines: Line[] = [];
  const visit = (nodes: readonly FieldNode[], level: number, parent: FieldNode | null, path: string) => {
    const shown = nodes.filter((node) => keeps(node, `${path} ${node.name} ${node.title}`, words, accepts));
    shown.forEach((node, index) => {
      const isOpen = node.children.length > 0 && (words.length > 0 || open.has(node.id));
      lines.push({ node, level, isOpen, place: index + 1, siblings: shown.length, parent: parent?.id ?? null });
      if (isOpen) visit(node.children, level + 1, node, `${path} ${node.name} ${node.title}`);
    });
  };
  visit(roots, 1, null, "");
  return lines;
}

/** Whether a node or something below it matches every word and is accepted. */
function keeps(node: FieldNode, path: string, words: string[], accepts: (node: FieldNode) => boolean): boolean {
  const text = path.toLowerCase();
  if (isPickable(node) && accepts(node) && words.every((word) => text.includes(word))) return true;
  if (node.children.length === 0) return node.field === null && words.length === 0;
  return node.children.some((child) => keeps(child, `${path} ${child.name} ${child.title}`, words, accepts));
}
