/** From where to where something reaches on the screen, in pixels. */
export interface Span {
  left: number;
  right: number;
}

/** How far to move an activity to the left, as a negative number, so that it ends the margin before its frame does.
 * Its start stays in sight. 0: it is not hidden there; where it was put beyond the other edge it stays. */
export function shiftFromPanel(activity: Span, frame: Span, margin: number): number {
  const needed = frame.right - margin - activity.right;
  const possible = frame.left + margin - activity.left;
  return Math.min(0, Math.max(needed, possible));
}
