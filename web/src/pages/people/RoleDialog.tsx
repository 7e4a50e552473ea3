import {
  Button,
  ButtonGroup,
  Checkbox,
  CheckboxGroup,
  Content,
  Dialog,
  Divider,
  Footer,
  Form,
  Heading,
  Text,
  TextField,
} from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { Permissions } from "./Permissions";
import { deleteRole, permissionSetsQuery, type Role, sandboxesQuery, saveRole, useMayInOrganization } from "./people";
import { useRoleWords } from "./useRoleWords";

interface Props {
  /** null: a new one. */
  role: Role | null;
  holders: { users: string[]; credentials: string[] } | null;
  onClose: () => void;
}

const EVERY = "*";

/** A role: its permissions, its sandboxes, who has it. Ready-made ones can only be read. */
export function RoleDialog({ role, holders, onClose }: Props) {
  const t = useT();
  const words = useRoleWords();
  const sets = useQuery(permissionSetsQuery);
  const sandboxes = useQuery({ ...sandboxesQuery, enabled: useMayInOrganization("sandboxes.view") });
  const [mayWrite, mayDelete] = [useMayInOrganization("roles.write"), useMayInOrganization("roles.delete")];
  const isFixed = role?.roleType === "system-defined" || !mayWrite;
  const [draft, setDraft] = useState({
    name: role?.name ?? "",
    description: role?.description ?? "",
    permissionSets: role?.permissionSets ?? [],
    permissions: role?.permissions ?? [],
    sandboxes: role?.sandboxes ?? [EVERY],
  });
  const [isAsked, setAsked] = useState(false);
  const change = (changed: Partial<typeof draft>) => setDraft({ ...draft, ...changed });
  const save = useAct(() => saveRole(role, draft), {
    invalidates: [["people"], ["session"]],
    showsError: true,
    done: t("people.done.saved", { name: draft.name }),
    onDone: onClose,
  });
  const remove = useAct(() => deleteRole(role?.id ?? ""), {
    invalidates: [["people"], ["session"]],
    showsError: true,
    done: t("people.done.deleted", { name: draft.name }),
    onDone: onClose,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!save.isPending) save.mutate();
  };
  const categories = [...new Set(sets.data?.map((one) => one.category))];
  const names = [...(holders?.users ?? []), ...(holders?.credentials ?? [])];
  const error = save.error ?? remove.error;
  return (
    <Dialog size="L">
      <Heading>{role === null ? t("people.roles.create") : words.name(role)}</Heading>
      <Divider />
      <Content>
        {error && <ErrorNotice error={error} />}
        {isFixed ? (
          <Text>{role?.description}</Text>
        ) : (
          <Form id="role" onSubmit={submit} validationBehavior="native">
            <TextField
              label={t("people.field.name")}
              value={draft.name}
              onChange={(name) => change({ name })}
              isRequired
              autoFocus={role === null}
            />
            <TextField
              label={t("people.field.description")}
              value={draft.description}
              onChange={(description) => change({ description })}
            />
            <CheckboxGroup
              label={t("people.tab.sandboxes")}
              orientation="horizontal"
              value={draft.sandboxes}
              onChange={(chosen) =>
                change({
                  sandboxes:
                    chosen.includes(EVERY) && !draft.sandboxes.includes(EVERY)
                      ? [EVERY]
                      : chosen.length > 1
                        ? chosen.filter((one) => one !== EVERY)
                        : chosen,
                })
              }
            >
              <>
                <Checkbox value={EVERY}>{t("people.sandboxes.all")}</Checkbox>
                {(sandboxes.data ?? []).map((one) => (
                  <Checkbox key={one.name} value={one.name}>
                    {one.title || one.name}
                  </Checkbox>
                ))}
              </>
            </CheckboxGroup>
            <>
              {categories.map((category) => (
                <CheckboxGroup
                  key={category}
                  label={words.category(category)}
                  value={draft.permissionSets}
                  onChange={(permissionSets) => change({ permissionSets })}
                >
                  {(sets.data ?? [])
                    .filter((one) => one.category === category)
                    .map((one) => (
                      <Checkbox key={one.id} value={one.id}>
                        {words.set(one)}
                      </Checkbox>
                    ))}
                </CheckboxGroup>
              ))}
            </>
          </Form>
        )}
        <Heading level={3}>{t("people.permissions")}</Heading>
        <Permissions role={{ ...EMPTY, ...role, ...draft }} />
        {holders !== null && (
          <>
            <Heading level={3}>{t("people.column.holders")}</Heading>
            <Text>{names.length > 0 ? names.join(", ") : t("people.holders.none")}</Text>
          </>
        )}
        <Asked
          isOpen={isAsked}
          title={t("people.delete.title", { name: draft.name })}
          confirm={t("common.delete")}
          onConfirm={() => remove.mutate()}
          onClose={() => setAsked(false)}
        >
          {t("people.delete.role")}
        </Asked>
      </Content>
      <Footer>
        {role !== null && !isFixed && mayDelete && (
          <Button variant="negative" onPress={() => setAsked(true)}>
            {t("common.delete")}
          </Button>
        )}
      </Footer>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t(isFixed ? "common.close" : "common.cancel")}
        </Button>
        {!isFixed && (
          <Button variant="accent" type="submit" form="role" isPending={save.isPending}>
            {t("common.save")}
          </Button>
        )}
      </ButtonGroup>
    </Dialog>
  );
}

const EMPTY: Role = {
  id: "",
  name: "",
  description: "",
  roleType: "user-defined",
  permissionSets: [],
  permissions: [],
  sandboxes: [],
  subjectAttributes: { labels: [] },
  etag: null,
};
