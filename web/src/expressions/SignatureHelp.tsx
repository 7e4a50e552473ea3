import styles from "./ExpressionField.module.css";
import type { FunctionHelp } from "./scope";
import { callAt, parametersOf } from "./signature";

interface Props {
  text: string;
  cursor: number;
  functions: readonly FunctionHelp[];
}

/** The signatures of the function around the cursor, its present argument in bold. */
export function SignatureHelp({ text, cursor, functions }: Props) {
  const call = callAt(text, cursor);
  const found = call === null ? [] : functions.filter((one) => one.name === call.name);
  const [first] = found;
  if (call === null || first === undefined) return null;
  return (
    <div className={styles.signature}>
      {found.slice(0, 4).map(({ signature, type }) => (
        <div key={signature}>
          {call.name}(
          {parametersOf(signature).map((parameter, index, all) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: parameters have no names, and their order is what they are
            <span key={index}>
              {index === call.argument ? <strong>{parameter}</strong> : parameter}
              {index < all.length - 1 && ", "}
            </span>
          ))}
          ): {type}
        </div>
      ))}
      <span className={styles.summary}>{first.summary}</span>
    </div>
  );
}
