import type { ComponentType } from "react";
import type { EdgeKind, JourneyDocument, JourneyNode, NodeId, NodeType } from "@/flow/document";

/** Where the palette shows a kind. */
export type Group = "events" | "orchestration" | "actions";

/** One way out of an activity: where an arrow can begin. */
export interface Way {
  kind: EdgeKind;
  /** Id of the path; only of kind `path`. */
  path?: string;
  /** What stands at the arrow; empty for the plain way on. */
  label: string;
}

export type Translate = (id: string, values?: Record<string, string | number>) => string;

/** Names of what activities refer to by uid or id; null while they are not known. */
export interface Names {
  event(uid: string): string | null;
  action(uid: string): string | null;
  audience(id: string): string | null;
  template(uid: string): string | null;
  journey(uid: string): string | null;
  dataSet(id: string): string | null;
}

export interface FormProps {
  nodeId: NodeId;
  node: JourneyNode;
  /** The whole document, for what the form must know of its surroundings. */
  document: JourneyDocument;
  /** Replace the node; never called when `isReadOnly`. */
  onChange: (node: JourneyNode) => void;
  isReadOnly: boolean;
}

/** Everything the designer knows about one kind of activity; each has a folder of its own. */
export interface ActivityKind {
  type: NodeType;
  group: Group;
  icon: ComponentType<{ size?: "XS" | "S" | "M" }>;
  /** A new one as it is dropped on the canvas. Its name is the message `activities.<type>.name`. */
  create(): JourneyNode;
  /** Its ways out, from the upper to the lower; none for an end. */
  ways(node: JourneyNode, t: Translate): Way[];
  /** It has nothing to be configured; left out: it has. */
  isComplete?: true;
  /** One line that says what it does, such as “2 days” or “Over 100”; empty while it isn't configured. */
  summary(node: JourneyNode, names: Names, t: Translate): string;
  /** Whether it may be the first activity. */
  canBegin: boolean;
  /** Whether it may stand after `previous`; null when it is asked as the first one. */
  canFollow(previous: JourneyNode | null): boolean;
  Form: ComponentType<FormProps>;
}
