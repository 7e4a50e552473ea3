import { StatusLight } from "@adobe/react-spectrum";
import type { ComponentProps, ReactNode } from "react";

/** A state by a light and in words, in line with the texts around it. */
export function Light({
  tone,
  children,
}: {
  tone: ComponentProps<typeof StatusLight>["variant"];
  children: ReactNode;
}) {
  return (
    <StatusLight variant={tone} UNSAFE_style={{ marginInlineStart: -12 }}>
      {children}
    </StatusLight>
  );
}
