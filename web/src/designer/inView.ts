/** A rectangle on the screen, in pixels. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** How far to move a box so that it stands inside the frame, the margin away from its edge; its start, where it is larger. */
export function shiftInto(box: Box, frame: Box, margin: number): { x: number; y: number } {
  return {
    x: shift(box.left, box.right, frame.left + margin, frame.right - margin),
    y: shift(box.top, box.bottom, frame.top + margin, frame.bottom - margin),
  };
}

function shift(start: number, end: number, from: number, to: number): number {
  if (start < from || end - start > to - from) return from - start;
  return end > to ? to - end : 0;
}
