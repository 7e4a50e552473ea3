import type { MemberChange } from "@/flow/diff";
import { useT } from "@/i18n/useT";
import styles from "./Compare.module.css";

/** Members that differ, the earlier value beside the later one. */
export function MemberTable({ members }: { members: readonly MemberChange[] }) {
  const t = useT();
  const shown = (value: unknown) =>
    value === undefined ? (
      <em>{t("compare.nothing")}</em>
    ) : (
      <code>{typeof value === "string" ? value : JSON.stringify(value, null, 1)}</code>
    );
  return (
    <table className={styles.members}>
      <thead>
        <tr>
          <th scope="col">{t("compare.member")}</th>
          <th scope="col">{t("compare.before")}</th>
          <th scope="col">{t("compare.after")}</th>
        </tr>
      </thead>
      <tbody>
        {members.map(({ path, before, after }) => (
          <tr key={path}>
            <th scope="row">{path}</th>
            <td data-side="before">{shown(before)}</td>
            <td data-side="after">{shown(after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
