import { Checkbox, CheckboxGroup, Flex } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { rolesQuery, usersQuery } from "../people/people";
import { useRoleWords } from "../people/useRoleWords";
import type { People } from "./policies";

interface Props {
  usersLabel: string;
  rolesLabel: string;
  chosen: People;
  onChange: (chosen: People) => void;
}

/** Users and roles of the organisation; one that is gone stays until it is unticked. */
export function PeopleChoice({ usersLabel, rolesLabel, chosen, onChange }: Props) {
  const t = useT();
  const words = useRoleWords();
  const users = useQuery(usersQuery);
  const roles = useQuery(rolesQuery);
  const error = users.error ?? roles.error;
  if (error) return <ErrorNotice error={error} />;
  if (users.data === undefined || roles.data === undefined) return <Loading />;
  const gone = (ids: string[], known: readonly { id: string }[]) =>
    ids.filter((id) => !known.some((one) => one.id === id)).map((id) => ({ id, name: t("approvals.gone", { id }) }));
  return (
    <Flex gap="size-300" wrap>
      <CheckboxGroup
        label={usersLabel}
        value={chosen.users}
        onChange={(next) => onChange({ ...chosen, users: next })}
        flex="1 1 240px"
      >
        {[
          ...users.data.map((one) => ({ id: one.id, name: `${one.name} (${one.email})` })),
          ...gone(chosen.users, users.data),
        ].map((one) => (
          <Checkbox key={one.id} value={one.id}>
            {one.name}
          </Checkbox>
        ))}
      </CheckboxGroup>
      <CheckboxGroup
        label={rolesLabel}
        value={chosen.roles}
        onChange={(next) => onChange({ ...chosen, roles: next })}
        flex="1 1 200px"
      >
        {[...roles.data.map((one) => ({ id: one.id, name: words.name(one) })), ...gone(chosen.roles, roles.data)].map(
          (one) => (
            <Checkbox key={one.id} value={one.id}>
              {one.name}
            </Checkbox>
          ),
        )}
      </CheckboxGroup>
    </Flex>
  );
}
