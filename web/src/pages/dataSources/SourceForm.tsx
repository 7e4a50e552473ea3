import { Button, TextField } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";
import { AuthenticationFields } from "@/pages/actions/AuthenticationFields";
import styles from "@/pages/actions/actions.module.css";
import { type Faults, faultOf } from "@/pages/actions/faults";
import { newGroup, type SourceDraft } from "./draft";
import { GroupFields } from "./GroupFields";

interface Props {
  draft: SourceDraft;
  onChange: (draft: SourceDraft) => void;
  faults: Faults;
  isReadOnly: boolean;
}

/** Everything that a data source says. */
export function SourceForm({ draft, onChange, faults, isReadOnly }: Props) {
  const t = useT();
  const set = (changed: Partial<SourceDraft>) => onChange({ ...draft, ...changed });
  const { groups } = draft;
  const add = () => set({ groups: [...groups, newGroup(Math.max(-1, ...groups.map((one) => one.key)) + 1)] });
  return (
    <div className={styles.form}>
      <TextField
        label={t("dataSources.name")}
        description={t("dataSources.name.detail")}
        isRequired
        value={draft.name}
        onChange={(name) => set({ name })}
        isReadOnly={isReadOnly}
        {...faultOf(faults, "name")}
      />
      <TextField
        label={t("dataSources.text")}
        value={draft.description}
        onChange={(description) => set({ description })}
        isReadOnly={isReadOnly}
        width="100%"
        {...faultOf(faults, "description")}
      />
      <TextField
        label={t("dataSources.url")}
        isRequired
        value={draft.url}
        onChange={(url) => set({ url })}
        isReadOnly={isReadOnly}
        width="100%"
        {...faultOf(faults, "url")}
      />
      <AuthenticationFields
        draft={draft.authentication}
        onChange={(changed) => set({ authentication: { ...draft.authentication, ...changed } })}
        faults={faults}
        isReadOnly={isReadOnly}
      />
      {groups.map((group, at) => (
        <GroupFields
          key={group.key}
          group={group}
          at={`fieldGroups[${at}]`}
          onChange={(next) => set({ groups: groups.map((one) => (one.key === group.key ? next : one)) })}
          onRemove={() => set({ groups: groups.filter((one) => one.key !== group.key) })}
          faults={faults}
          isReadOnly={isReadOnly}
        />
      ))}
      {!isReadOnly && (
        <div>
          <Button variant="secondary" onPress={add}>
            {t("dataSources.group.add")}
          </Button>
        </div>
      )}
    </div>
  );
}
