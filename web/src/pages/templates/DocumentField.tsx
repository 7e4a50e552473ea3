import { TextField } from "@adobe/react-spectrum";
import type { ComponentProps } from "react";
import { type FieldFault, shownAt } from "./draft";

interface Props extends ComponentProps<typeof TextField> {
  /** Of the document's member, `$.name`. */
  path: string;
  fault: FieldFault | null;
}

/** A text of a document, with what the server said against it. */
export function DocumentField({ path, fault, ...field }: Props) {
  return <TextField width="100%" autoComplete="off" {...field} {...shownAt(fault, path)} />;
}
