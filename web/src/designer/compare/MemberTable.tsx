import type { MemberChange } from "@/flow/diff";
import { useT } from "@/i18n/useT";
import styles from "./Compare.module.css";

/** Members that differ: the path of each above the earlier value beside the later one. */
export function MemberTable({ members }: { members: readonly MemberChange[] }) {
  const t = useT();
  return (
    <table className={styles.members}>
      <thead>
        <tr>
          <th scope="col">{t("compare.before")}</th>
          <th scope="col">{t("compare.after")}</th>
        </tr>
      </thead>
      {members.map(({ path, before, after }) => (
        <tbody key={path}>
          <tr>
            <th scope="rowgroup" colSpan={2}>
              {path}
            </th>
          </tr>
          <tr>
            {[before, after].map((value, side) => (
              <td key={side === 0 ? "before" : "after"}>
                {value === undefined ? <em>{t("compare.nothing")}</em> : <code>{shown(value)}</code>}
              </td>
            ))}
          </tr>
        </tbody>
      ))}
    </table>
  );
}

/** A value as one reads it; only what can't be gone into further is shown as JSON. */
function shown(value: unknown): string {
  if (typeof value === "string") return value;
  const isPlain = Array.isArray(value) && value.length > 0 && value.every((item) => typeof item !== "object");
  return isPlain ? value.join(", ") : JSON.stringify(value, null, 1);
}
