/** From where to where something reaches along one axis of the screen, in pixels. */
export interface Span {
  start: number;
  end: number;
}

/** The least by which to move an activity so that it is within its frame with a margin; of one that is too long the start
 * is. 0: it is there. */
export function shiftIntoView(activity: Span, frame: Span, margin: number): number {
  const fromEnd = Math.min(0, frame.end - margin - activity.end);
  return fromEnd + Math.max(0, frame.start + margin - (activity.start + fromEnd));
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Below this, a journey is not seen whole: its texts could not be read. */
const LEAST_WHOLE = 0.5;
const LEGIBLE = 0.7;

/**
 * Where to look first: at the whole journey, or where that would be too small at one activity, as near to the
 * middle as the journey's edges allow.
 */
export function beginning(
  journey: Box,
  activity: Box,
  frame: { width: number; height: number },
): { x: number; y: number; zoom: number } {
  const roomy = 0.85;
  const whole = Math.min((frame.width * roomy) / journey.width, (frame.height * roomy) / journey.height, 1);
  const zoom = whole >= LEAST_WHOLE ? whole : LEGIBLE;
  const along = (from: number, length: number, of: number, ofLength: number, room: number) => {
    const free = room - length * zoom;
    if (free >= 0) return free / 2 - from * zoom;
    const margin = Math.min(24, room / 10);
    const middle = room / 2 - (of + ofLength / 2) * zoom;
    return Math.min(margin - from * zoom, Math.max(free - margin - from * zoom, middle));
  };
  return {
    x: along(journey.x, journey.width, activity.x, activity.width, frame.width),
    y: along(journey.y, journey.height, activity.y, activity.height, frame.height),
    zoom,
  };
}
