import { RuleField } from "../fields/RuleField";
import type { FormProps } from "../kind";
import type { Path } from "../paths";
import type { ConditionType } from "./condition";
import { DateFields } from "./DateFields";
import { TimeFields } from "./TimeFields";

interface Props extends Pick<FormProps, "document" | "nodeId" | "isReadOnly"> {
  type: ConditionType;
  path: Path;
  onChange: (changes: Record<string, unknown>) => void;
}

/** When one path is taken; of splits and caps nothing is to be said of a path alone. */
export function ConditionPath({ type, path, document, nodeId, onChange, isReadOnly }: Props) {
  if (type === "time") return <TimeFields path={path} onChange={onChange} isReadOnly={isReadOnly} />;
  if (type === "date") return <DateFields path={path} onChange={onChange} isReadOnly={isReadOnly} />;
  if (type !== "dataSource") return null;
  return <RuleField path={path} document={document} nodeId={nodeId} onChange={onChange} isReadOnly={isReadOnly} />;
}
