import type { Node, NodeProps } from "@xyflow/react";
import { memo } from "react";
import type { CanvasComment } from "@/flow/document";
import { useT } from "@/i18n/useT";
import styles from "./CommentNode.module.css";
import { editComment } from "./comments";
import { useDraftStore } from "./draftContext";

export type CommentFlowNode = Node<{ comment: CanvasComment }, "comment">;

/** A note on the canvas. */
export const CommentNode = memo(function CommentNode({ data, selected }: NodeProps<CommentFlowNode>) {
  const t = useT();
  const store = useDraftStore();
  const { comment } = data;
  const { isReadOnly } = store.getState();
  const change = (text: string) => {
    const { document, change: apply } = store.getState();
    apply(editComment(document, comment.id, text), `comment ${comment.id}`);
  };
  return (
    <div className={styles.comment} data-selected={selected || undefined}>
      <textarea
        className={`${styles.text} nodrag`}
        value={comment.text}
        placeholder={t("designer.comment.placeholder")}
        aria-label={t("designer.comment.of", { author: comment.author })}
        onChange={(event) => change(event.target.value)}
        readOnly={isReadOnly}
        rows={3}
      />
      <span className={styles.author}>{comment.author}</span>
    </div>
  );
});
