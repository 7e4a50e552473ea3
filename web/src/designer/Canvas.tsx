import {
  applyNodeChanges,
  Background,
  BackgroundVariant,
  type Connection,
  Controls,
  type Edge,
  MarkerType,
  MiniMap,
  type NodeChange,
  type OnConnectEnd,
  ReactFlow,
  useReactFlow,
} from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { useQuery } from "@tanstack/react-query";
import { type DragEvent, useCallback, useEffect, useMemo, useState } from "react";
import { KINDS } from "@/activities/registry";
import type { Fault } from "@/api/error";
import { usePreferences } from "@/app/preferences";
import type { NodeId, NodeType, Position } from "@/flow/document";
import { add, connect, disconnect, insertOn, place, refusalOf } from "@/flow/edit";
import { insertFragment } from "@/flow/fragment";
import { handleOf, lanes, toCanvas } from "@/flow/graph";
import { useT } from "@/i18n/useT";
import { type ActivityFlowNode, ActivityNode } from "./ActivityNode";
import styles from "./Canvas.module.css";
import { type CommentFlowNode, CommentNode } from "./CommentNode";
import { moveComments } from "./comments";
import { useDraft, useDraftStore } from "./draftContext";
import { activeFragments, DRAGGED } from "./fragments/fragments";
import { firstHandle, mayFollow } from "./kinds";
import { spokenTitle } from "./labels";
import { useNamesOf } from "./namesContext";
import { useBegin } from "./useInView";
import { useSystemScheme } from "./useSystemScheme";
import { WayEdge, type WayFlowEdge } from "./WayEdge";

type FlowNode = ActivityFlowNode | CommentFlowNode;

const NODE_TYPES = { activity: ActivityNode, comment: CommentNode };
const EDGE_TYPES = { way: WayEdge };
const MARKER = { type: MarkerType.ArrowClosed, width: 16, height: 16 };
const NO_FAULTS: readonly Fault[] = [];
/** What the palette puts on the drag. */
export const DRAG_TYPE = "application/x-parcours-activity";

interface Props {
  faults: readonly Fault[];
  /** Why an arrow was not drawn, for the person. */
  onRefusal: (reason: string) => void;
  onOpen: (id: NodeId) => void;
  /** Where to look first, if the whole is too wide to be read; left out: at the entry. */
  at?: NodeId;
}

/** The graph of a journey: what is drawn on it changes the document. */
export function Canvas({ faults, onRefusal, onOpen, at }: Props) {
  const t = useT();
  const store = useDraftStore();
  const names = useNamesOf();
  const flow = useReactFlow();
  const document = useDraft((draft) => draft.document);
  const selected = useDraft((draft) => draft.selected);
  const selectedEdges = useDraft((draft) => draft.selectedEdges);
  const isReadOnly = useDraft((draft) => draft.isReadOnly);
  const chosen = usePreferences((state) => state.colorScheme);
  const system = useSystemScheme();
  /** An empty canvas stays as it is when the first activity is dropped on it. */
  const [hasContent] = useState(() => Object.keys(document.nodes).length > 0);
  useBegin(at ?? document.entry.node, hasContent);
  const fragments = useQuery({ ...activeFragments, enabled: !isReadOnly });
  const [dropEdge, setDropEdge] = useState<string | null>(null);

  const canvas = useMemo(() => toCanvas(document), [document]);
  const faultsOf = useMemo(() => Map.groupBy(faults, (fault) => fault.nodeId ?? ""), [faults]);

  const fromDocument = useCallback(
    (): FlowNode[] => [
      ...canvas.nodes.map(
        ({ id, node, position }): ActivityFlowNode => ({
          id,
          type: "activity",
          position,
          data: { node, isEntry: id === document.entry.node, faults: faultsOf.get(id) ?? NO_FAULTS },
          ariaLabel: spokenTitle(id, node, names, t),
        }),
      ),
      ...canvas.comments.map(
        (comment): CommentFlowNode => ({
          id: `#${comment.id}`,
          type: "comment",
          position: { x: comment.x, y: comment.y },
          data: { comment },
          ariaLabel: t("designer.comment.of", { author: comment.author }),
        }),
      ),
    ],
    [canvas, document.entry.node, faultsOf, names, t],
  );

  /** React Flow moves its own copies while something is dragged; the document learns of it at the end. */
  const [nodes, setNodes] = useState<FlowNode[]>(fromDocument);
  useEffect(() => setNodes((before) => keepSame(before, fromDocument())), [fromDocument]);
  const shown = useMemo(
    () =>
      nodes.map((node) =>
        selected.has(node.id) === (node.selected ?? false) ? node : { ...node, selected: selected.has(node.id) },
      ),
    [nodes, selected],
  );
  const edges = useMemo(
    () =>
      lanes(canvas.edges).map(
        ({ id, from, to, way, edge, lane }): WayFlowEdge => ({
          id,
          type: "way",
          source: from,
          target: to,
          sourceHandle: way,
          markerEnd: MARKER,
          data: { kind: edge.kind ?? "default", isTarget: id === dropEdge, lane },
          selected: selectedEdges.has(id),
        }),
      ),
    [canvas, selectedEdges, dropEdge],
  );

  const onNodesChange = useCallback(
    (changes: NodeChange<FlowNode>[]) => {
      setNodes((before) => applyNodeChanges(changes, before));
      const picks = changes.filter((change) => change.type === "select");
      if (picks.length > 0) {
        const next = new Set(store.getState().selected);
        for (const { id, selected: isOn } of picks) isOn ? next.add(id) : next.delete(id);
        store.getState().select(next, store.getState().selectedEdges);
      }
    },
    [store],
  );

  const onNodeDragStop = useCallback(
    (_: unknown, __: unknown, moved: FlowNode[]) => {
      const activities: Record<NodeId, Position> = {};
      const comments: Record<string, Position> = {};
      for (const node of moved) {
        if (node.type === "comment") comments[node.data.comment.id] = node.position;
        else activities[node.id] = node.position;
      }
      const { document: now, change } = store.getState();
      change(moveComments(place(now, activities), comments));
    },
    [store],
  );

  const refusal = useCallback(
    (connection: Connection | Edge) =>
      refusalOf(
        store.getState().document,
        connection.source,
        connection.sourceHandle ?? handleOf("default", undefined),
        connection.target,
        mayFollow,
      ),
    [store],
  );

  const onConnect = useCallback(
    (connection: Connection) => {
      const why = refusal(connection);
      if (why !== null) return onRefusal(t(`designer.connect.${why}`));
      const { document: now, change } = store.getState();
      change(
        connect(now, connection.source, connection.sourceHandle ?? handleOf("default", undefined), connection.target),
      );
    },
    [refusal, onRefusal, store, t],
  );

  const onConnectEnd: OnConnectEnd = useCallback(
    (_event, state) => {
      if (state.isValid !== false || state.fromNode === null || state.toNode === null || state.fromHandle === null)
        return;
      if (state.fromHandle.type !== "source") return;
      const why = refusal({
        source: state.fromNode.id,
        sourceHandle: state.fromHandle.id ?? null,
        target: state.toNode.id,
        targetHandle: null,
      });
      if (why !== null) onRefusal(t(`designer.connect.${why}`));
    },
    [refusal, onRefusal, t],
  );

  /** The arrow under the pointer, where something that is dropped would be inserted. */
  const edgeAt = (event: DragEvent): string | null => {
    const element = globalThis.document.elementFromPoint(event.clientX, event.clientY);
    return element?.closest(".react-flow__edge")?.getAttribute("data-id") ?? null;
  };

  const onDragOver = (event: DragEvent) => {
    if (!event.dataTransfer.types.includes(DRAG_TYPE)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    setDropEdge(edgeAt(event));
  };

  const onDrop = (event: DragEvent) => {
    const dragged = event.dataTransfer.getData(DRAG_TYPE);
    const type = dragged as NodeType;
    setDropEdge(null);
    const fragment = fragments.data?.results.find((one) => dragged === `${DRAGGED}${one.uid}`);
    if (isReadOnly || (KINDS[type] === undefined && fragment === undefined)) return;
    event.preventDefault();
    const point = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    const at = { x: Math.round(point.x - 105), y: Math.round(point.y - 24) };
    const { document: now, change, select } = store.getState();
    if (fragment !== undefined) {
      const inserted = insertFragment(now, fragment, at);
      change(inserted.document);
      select(inserted.ids);
      return;
    }
    const over = canvas.edges.find((edge) => edge.id === edgeAt(event));
    const node = KINDS[type].create();
    const added = add(
      now,
      node,
      over === undefined ? at : (canvas.nodes.find((one) => one.id === over.to)?.position ?? at),
    );
    change(over === undefined ? added.document : insertOn(added.document, over.edge, added.id, firstHandle(node)));
    select([added.id]);
    onOpen(added.id);
  };

  return (
    <div className={styles.canvas} data-testid="canvas">
      <ReactFlow<FlowNode, WayFlowEdge>
        nodes={shown}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        colorMode={chosen ?? system}
        onNodesChange={onNodesChange}
        onNodeDragStop={onNodeDragStop}
        onNodeClick={(_, node) => node.type === "activity" && onOpen(node.id)}
        onEdgesChange={(changes) => {
          const picks = changes.filter((change) => change.type === "select");
          if (picks.length === 0) return;
          const next = new Set(store.getState().selectedEdges);
          for (const { id, selected: isOn } of picks) isOn ? next.add(id) : next.delete(id);
          store.getState().select(store.getState().selected, next);
        }}
        onReconnect={(old, connection) => {
          const { document: now, change } = store.getState();
          const without = disconnect(now, new Set([old.id]));
          const way = connection.sourceHandle ?? handleOf("default", undefined);
          const why = refusalOf(without, connection.source, way, connection.target, mayFollow);
          if (why !== null) return onRefusal(t(`designer.connect.${why}`));
          change(connect(without, connection.source, way, connection.target));
        }}
        onConnect={onConnect}
        onConnectEnd={onConnectEnd}
        isValidConnection={(connection) => refusal(connection) === null}
        onDragOver={onDragOver}
        onDragLeave={() => setDropEdge(null)}
        onDrop={onDrop}
        onPaneClick={() => store.getState().select([])}
        nodesDraggable={!isReadOnly}
        nodesConnectable={!isReadOnly}
        edgesReconnectable={!isReadOnly}
        deleteKeyCode={null}
        multiSelectionKeyCode={["Shift", "Meta", "Control"]}
        selectionKeyCode="Shift"
        minZoom={0.1}
        maxZoom={2}
        onlyRenderVisibleElements={false}
        proOptions={{ hideAttribution: false }}
      >
        <Background variant={BackgroundVariant.Dots} gap={20} />
        <MiniMap pannable zoomable ariaLabel={t("designer.miniMap")} className={styles.miniMap} />
        <Controls showInteractive={false} aria-label={t("designer.zoom")} />
      </ReactFlow>
    </div>
  );
}

/** New nodes, but the same objects for those in which nothing changed, so that they are not drawn again. */
function keepSame(before: FlowNode[], next: FlowNode[]): FlowNode[] {
  const old = new Map(before.map((node) => [node.id, node]));
  return next.map((node) => {
    const was = old.get(node.id);
    if (was === undefined || was.type !== node.type) return node;
    const isSame =
      was.position.x === node.position.x &&
      was.position.y === node.position.y &&
      was.ariaLabel === node.ariaLabel &&
      Object.entries(node.data).every(([name, value]) => (was.data as Record<string, unknown>)[name] === value);
    return isSame ? was : ({ ...was, ...node, measured: was.measured } as FlowNode);
  });
}
