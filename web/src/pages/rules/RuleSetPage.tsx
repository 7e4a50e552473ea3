import { Button, Item, Menu, MenuTrigger, Picker, Switch, Text, TextArea } from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { Note, Part } from "@/activities/fields/Stack";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Leave } from "@/ui/Leave";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { PageLink } from "@/ui/PageLink";
import { useAct } from "@/ui/useAct";
import { DocumentField } from "../templates/DocumentField";
import type { Stored } from "../templates/templates";
import { useFaultOf } from "../templates/useFaultOf";
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
  const found = useQuery(ruleSetQuery(uid));
  if (found.data !== undefined) return <Editor stored={found.data} />;
  if (found.error) {
    return (
      <Page title={t("rules.sets.one")}>
        <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />
      </Page>
    );
  }
  return <Loading />;
}

function Editor({ stored }: { stored: Stored<RuleSet> | null }) {
  const t = useT();
  const faultOf = useFaultOf();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const mayWrite = useMay("frequency_rules.write");
  const mayDelete = useMay("frequency_rules.delete");
  const [held, setHeld] = useState(stored);
  const before = held === null ? EMPTY_SET : setBody(held.data);
  const [draft, setDraft] = useState(before);
  const [isAsked, setAsked] = useState(false);
  const uid = held?.data.uid ?? null;
  const isDirty = JSON.stringify(draft) !== JSON.stringify(before);
  const save = useAct(() => saveRuleSet(uid, draft, held?.etag ?? ""), {
    invalidates: LISTS,
    showsError: true,
    done: t("rules.done.saved", { name: draft.name }),
    onDone: (answer) => {
      setHeld(answer);
      setDraft(setBody(answer.data));
      queries.setQueryData(ruleSetQuery(answer.data.uid).queryKey, answer);
      if (uid === null) {
        void navigate({ to: "/rules/sets/$uid", params: { uid: answer.data.uid }, ignoreBlocker: true, replace: true });
      }
    },
  });
  const remove = useAct(() => deleteRuleSet(uid ?? ""), {
    invalidates: LISTS,
    showsError: true,
    done: t("rules.done.deleted", { name: draft.name }),
    onDone: () => void navigate({ to: "/rules", search: { tab: "sets" }, ignoreBlocker: true }),
  });
  const fault = faultOf(save.error);
  const failed = save.error ?? remove.error;
  const change = (changed: Partial<typeof draft>) => {
    setDraft({ ...draft, ...changed });
    if (save.isError) save.reset();
  };
  const setRule = (index: number, rule: Rule) =>
    change({ rules: draft.rules.map((one, at) => (at === index ? rule : one)) });
  const types = typesOf(draft);
  return (
    <Page
      title={held?.data.name ?? t("rules.sets.new")}
      description={
        <PageLink to="/rules" search={{ tab: "sets" }}>
          {t("rules.tab.sets")}
        </PageLink>
      }
      actions={
        <>
          {uid !== null && mayDelete && (
            <Button variant="negative" onPress={() => setAsked(true)}>
              {t("common.delete")}
            </Button>
          )}
          {mayWrite && (
            <Button
              variant="accent"
              isDisabled={!isDirty || draft.name.trim() === ""}
              isPending={save.isPending}
              onPress={() => {
                remove.reset();
                save.mutate();
              }}
            >
              {t("common.save")}
            </Button>
          )}
        </>
      }
    >
      {failed && <ErrorNotice error={failed} />}
      <div className={styles.form}>
        <div className={styles.pair}>
          <DocumentField
            label={t("rules.column.name")}
            value={draft.name}
            onChange={(name) => change({ name })}
            maxLength={100}
            isRequired
            isReadOnly={!mayWrite}
            fault={fault}
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
            items={STATES.filter((one) => statesFrom(held?.data.state ?? null).includes(one)).map((id) => ({
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
            fault={fault}
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
      <Asked
        isOpen={isAsked}
        title={t("rules.delete.title", { name: draft.name })}
        confirm={t("common.delete")}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsked(false)}
      >
        {t("rules.delete.sets.detail")}
      </Asked>
      <Leave isDirty={isDirty} />
    </Page>
  );
}
