import { type CanvasComment, COMMENTS, type JourneyDocument, type Position } from "@/flow/document";
import { commentsOf } from "@/flow/graph";

/** Put comments into a document; without any the key is gone. */
function withComments(document: JourneyDocument, comments: CanvasComment[]): JourneyDocument {
  const { [COMMENTS]: _, ...layout } = document.layout ?? {};
  return { ...document, layout: comments.length === 0 ? layout : { ...layout, [COMMENTS]: comments } };
}

export function addComment(document: JourneyDocument, at: Position, author: string): JourneyDocument {
  const comment: CanvasComment = { id: crypto.randomUUID(), text: "", author, at: new Date().toISOString(), ...at };
  return withComments(document, [...commentsOf(document), comment]);
}

export function editComment(document: JourneyDocument, id: string, text: string): JourneyDocument {
  return withComments(
    document,
    commentsOf(document).map((one) => (one.id === id ? { ...one, text } : one)),
  );
}

export function removeComments(document: JourneyDocument, ids: ReadonlySet<string>): JourneyDocument {
  const kept = commentsOf(document).filter((one) => !ids.has(one.id));
  return kept.length === commentsOf(document).length ? document : withComments(document, kept);
}

export function moveComments(document: JourneyDocument, places: Readonly<Record<string, Position>>): JourneyDocument {
  if (Object.keys(places).length === 0) return document;
  const moved = commentsOf(document).map((one) => {
    const at = places[one.id];
    return at === undefined ? one : { ...one, x: Math.round(at.x), y: Math.round(at.y) };
  });
  return withComments(document, moved);
}
