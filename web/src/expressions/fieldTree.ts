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

/** The tree without what a search does not match or a place does not accept; every word must be somewhere on the way. */
export function filterTree<N extends FieldNode>(
  nodes: readonly N[],
  search: string,
  accepts: (node: FieldNode) => boolean = () => true,
): N[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return kept(nodes, "", words, accepts);
}

function kept<N extends FieldNode>(
  nodes: readonly N[],
  above: string,
  words: string[],
  accepts: (node: FieldNode) => boolean,
): N[] {
  const shown: N[] = [];
  for (const node of nodes) {
    const path = `${above} ${node.name} ${node.title}`.toLowerCase();
    const isMatch = words.every((word) => path.includes(word));
    const children = kept(node.children, path, words, accepts);
    if (children.length > 0 || (isMatch && isPickable(node) && accepts(node))) shown.push({ ...node, children });
    else if (isMatch && node.field === null && node.children.length === 0) shown.push({ ...node, children });
  }
  return shown;
}

/** The ids of everything that has something below it. */
export function openable(nodes: readonly FieldNode[]): string[] {
  return nodes.flatMap((node) => (node.children.length === 0 ? [] : [node.id, ...openable(node.children)]));
}

/** The node of an id; null when there is none. */
export function findNode(nodes: readonly FieldNode[], id: string): FieldNode | null {
  for (const node of nodes) {
    if (node.id === id) return node;
    const found = findNode(node.children, id);
    if (found !== null) return found;
  }
  return null;
}
