import { Checkbox, CheckboxGroup, Text } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { rolesQuery, useMayInOrganization } from "./people";
import styles from "./people.module.css";
import { useRoleWords } from "./useRoleWords";

interface Props {
  roles: readonly string[];
  onChange: (roles: string[]) => void;
}

/** Which roles somebody has. */
export function RolePicker({ roles, onChange }: Props) {
  const t = useT();
  const words = useRoleWords();
  const found = useQuery(rolesQuery);
  const mayGive = useMayInOrganization("roles.write");
  if (found.error) return <ErrorNotice error={found.error} />;
  if (found.data === undefined) return <Loading />;
  return (
    <CheckboxGroup
      label={t("people.roles")}
      value={[...roles]}
      onChange={onChange}
      isDisabled={!mayGive}
      description={mayGive ? undefined : t("people.roles.notYours")}
    >
      {found.data.map((role) => (
        <Checkbox key={role.id} value={role.id}>
          <Text>
            {words.name(role)}
            {role.description && <small className={styles.small}>{words.detail(role)}</small>}
          </Text>
        </Checkbox>
      ))}
    </CheckboxGroup>
  );
}
