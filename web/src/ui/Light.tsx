import { StatusLight } from "@adobe/react-spectrum";
import type { ComponentProps, ReactNode } from "react";

/** As high as its text, where Spectrum's stands a pixel above its neighbours in a row as high as a button; tables keep
 * it on one line. */
const IN_LINE = {
  marginInlineStart: -12,
  minBlockSize: 0,
  padding: 0,
  alignItems: "center",
  whiteSpace: "var(--light-space, normal)",
};

/** A state by a light and in words, in line with the texts around it. */
export function Light({
  tone,
  children,
}: {
  tone: ComponentProps<typeof StatusLight>["variant"];
  children: ReactNode;
}) {
  return (
    <StatusLight variant={tone} UNSAFE_style={IN_LINE}>
      {children}
    </StatusLight>
  );
}
