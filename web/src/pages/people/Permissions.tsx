import { useQuery } from "@tanstack/react-query";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { type Role, referenceQuery, rolesQuery } from "./people";
import styles from "./people.module.css";
import { permissionsOf } from "./permissions";

/** What a role allows, by resource. */
export function Permissions({ role }: { role: Role }) {
  const t = useT();
  const reference = useQuery(referenceQuery);
  const roles = useQuery(rolesQuery);
  if (reference.error) return <ErrorNotice error={reference.error} />;
  if (reference.data === undefined) return <Loading />;
  const allowed = permissionsOf(role, reference.data.permissions, roles.data ?? []);
  const resources = Object.entries(reference.data["resource-types"]).filter(([resource]) => allowed.has(resource));
  if (resources.length === 0) return <p>{t("people.permissions.none")}</p>;
  return (
    <ul className={styles.matrix}>
      {resources.map(([resource, actions]) => (
        <li key={resource}>
          <span>{resource}</span>
          <span>{actions.filter((action) => allowed.get(resource)?.has(action)).join(", ")}</span>
        </li>
      ))}
    </ul>
  );
}
