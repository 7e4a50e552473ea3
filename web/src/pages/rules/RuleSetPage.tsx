import { Button, Item, Menu, MenuTrigger, Picker, Switch, Text, TextArea } from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Note, Part } from "@/activities/fields/Stack";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Found } from "@/ui/Found";
import { PageLink } from "@/ui/PageLink";
import { DocumentField } from "../templates/DocumentField";
import { EditorFrame } from "../templates/EditorFrame";
import type { Stored } from "../templates/templates";
import { useEdited } from "../templates/useEdited";
import { RuleFields } from "./RuleFields";
import {
  DOMAINS,
  deleteRuleSet,
  EMPTY_SET,
  LISTS,
  MOST_RULES,
  newRule,
  RULE_TYPES,
  type Rule,
  type RuleSet,
  ruleSetQuery,
  STATES,
  saveRuleSet,
  setBody,
  statesFrom,
  typesOf,
} from "./ruleSets";
import styles from "./rules.module.css";

/** `new` as uid: one is made. */
export function RuleSetPage() {
  const { uid } = useParams({ from: "/shell/rules/sets/$uid" });
  return uid === "new" ? <Editor key="new" stored={null} /> : <Known key={uid} uid={uid} />;
}

function Known({ uid }: { uid: string }) {
  const t = useT();
  return (
    <Found found={useQuery(ruleSetQuery(uid))} title={t("rules.sets.one")}>
      {(stored) => <Editor stored={stored} />}
    </Found>
  );
}

function Editor({ stored }: { stored: Stored<RuleSet> | null }) {
  const t = useT();
  const navigate = useNavigate();
  const mayWrite = useMay("frequency_rules.write");
  const edited = useEdited(stored, EMPTY_SET, EMPTY_SET, {
    draftOf: setBody,
    bodyOf: (draft) => draft,
    write: saveRuleSet,
    remove: deleteRuleSet,
    keyOf: (uid) => ruleSetQuery(uid).queryKey,
    lists: LISTS,
    done: {
      saved: ({ name }) => t("rules.done.saved", { name }),
      deleted: ({ name }) => t("rules.done.deleted", { name }),
    },
    onMade: (uid) => void navigate({ to: "/rules/sets/$uid", params: { uid }, ignoreBlocker: true, replace: true }),
    onDeleted: () => void navigate({ to: "/rules", search: { tab: "sets" }, ignoreBlocker: true }),
  });
  const { uid, draft, change } = edited;
  const setRule = (index: number, rule: Rule) =>
    change({ rules: draft.rules.map((one, at) => (at === index ? rule : one)) });
  const types = typesOf(draft);
  return (
    <EditorFrame
      edited={edited}
      title={edited.held?.data.name ?? t("rules.sets.new")}
      description={
        <PageLink to="/rules" search={{ tab: "sets" }}>
          {t("rules.tab.sets")}
        </PageLink>
      }
      saving={{ label: t("common.save"), variant: "accent" }}
      mayWrite={mayWrite}
      mayDelete={useMay("frequency_rules.delete")}
      isWhole={draft.name.trim() !== ""}
      deleteDetail={t("rules.delete.sets.detail")}
      error={edited.error}
    >
      <div className={styles.form}>
        <div className={styles.pair}>
          <DocumentField
            label={t("rules.column.name")}
            value={draft.name}
            onChange={(name) => change({ name })}
            maxLength={100}
            isRequired
            isReadOnly={!mayWrite}
            fault={edited.fault}
            path="$.name"
          />
          <Picker
            label={t("rules.column.domain")}
            items={DOMAINS.map((id) => ({ id, name: t(`rules.domain.${id}`) }))}
            selectedKey={draft.domain}
            onSelectionChange={(key) => {
              const domain = DOMAINS.find((one) => one === key) ?? "journey";
              if (domain !== draft.domain) change({ domain, rules: [] });
            }}
            isDisabled={!mayWrite || uid !== null}
            width="100%"
          >
            {(item) => <Item>{item.name}</Item>}
          </Picker>
          <Picker
            label={t("rules.column.state")}
            items={STATES.filter((one) => statesFrom(edited.held?.data.state ?? null).includes(one)).map((id) => ({
              id,
              name: t(`rules.state.${id}`),
            }))}
            selectedKey={draft.state}
            onSelectionChange={(key) => change({ state: STATES.find((one) => one === key) ?? draft.state })}
            isDisabled={!mayWrite}
            width="100%"
          >
            {(item) => <Item>{item.name}</Item>}
          </Picker>
        </div>
        <TextArea
          label={t("rules.description")}
          value={draft.description}
          onChange={(description) => change({ description })}
          maxLength={4000}
          isReadOnly={!mayWrite}
          width="100%"
        />
        <Switch
          isSelected={draft.isGlobal}
          onChange={(isGlobal) =>
            change({
              isGlobal,
              rules: draft.rules.filter((rule) => typesOf({ ...draft, isGlobal }).includes(rule.type)),
            })
          }
          isReadOnly={!mayWrite}
          isDisabled={uid !== null}
        >
          {t("rules.isGlobal")}
        </Switch>
        <Note>
          {t(draft.isGlobal ? "rules.isGlobal.detail" : `rules.named.${draft.domain}`)}{" "}
          {uid !== null && t("rules.fixed")}
        </Note>
        {draft.rules.map((rule, index) => (
          <RuleFields
            // biome-ignore lint/suspicious/noArrayIndexKey: the id is a field of the form
            key={index}
            rule={rule}
            onChange={(next) => setRule(index, next)}
            onRemove={() => change({ rules: draft.rules.filter((_, at) => at !== index) })}
            fault={edited.fault}
            path={`$.rules[${index}]`}
            isReadOnly={!mayWrite}
          />
        ))}
        {draft.rules.length === 0 && (
          <Part title={t("rules.column.rules")}>
            <Note>{t(`rules.none.${draft.domain}`)}</Note>
          </Part>
        )}
        {mayWrite && (
          <div>
            <MenuTrigger>
              <Button variant="secondary" isDisabled={draft.rules.length >= MOST_RULES}>
                <Add />
                <Text>{t("rules.add")}</Text>
              </Button>
              <Menu
                items={types.map((id) => ({ id }))}
                onAction={(key) => {
                  const type = RULE_TYPES.find((one) => one === key);
                  if (type) change({ rules: [...draft.rules, newRule(type, t(`rules.type.${type}`), draft.rules)] });
                }}
              >
                {(item) => (
                  <Item textValue={t(`rules.type.${item.id}`)}>
                    <Text>{t(`rules.type.${item.id}`)}</Text>
                    <Text slot="description">{t(`rules.type.${item.id}.detail`)}</Text>
                  </Item>
                )}
              </Menu>
            </MenuTrigger>
          </div>
        )}
      </div>
    </EditorFrame>
  );
}
