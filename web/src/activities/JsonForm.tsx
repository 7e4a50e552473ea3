import { TextArea } from "@adobe/react-spectrum";
import { useEffect, useState } from "react";
import type { JourneyNode } from "@/flow/document";
import { useT } from "@/i18n/useT";
import type { FormProps } from "./kind";

const COMMON = new Set(["type", "label", "description"]);

/** The members of an activity as JSON. */
export function JsonForm({ node, onChange, isReadOnly }: FormProps) {
  const t = useT();
  const [text, setText] = useState(() => membersOf(node));
  const [isWrong, setWrong] = useState(false);
  useEffect(() => setText(membersOf(node)), [node]);
  const change = (next: string) => {
    setText(next);
    try {
      const members = JSON.parse(next) as Record<string, unknown>;
      const kept = Object.fromEntries(Object.entries(node).filter(([name]) => COMMON.has(name)));
      setWrong(false);
      onChange({ ...kept, ...members, type: node.type });
    } catch {
      setWrong(true);
    }
  };
  return (
    <TextArea
      label={t("activities.members")}
      value={text}
      onChange={change}
      isReadOnly={isReadOnly}
      validationState={isWrong ? "invalid" : undefined}
      errorMessage={t("activities.members.invalid")}
      width="100%"
      height="size-3000"
    />
  );
}

function membersOf(node: JourneyNode): string {
  return JSON.stringify(Object.fromEntries(Object.entries(node).filter(([name]) => !COMMON.has(name))), null, 2);
}
