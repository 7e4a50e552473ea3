import { Button, Content, Flex, Heading, InlineAlert, TextArea, TextField } from "@adobe/react-spectrum";
import { useMemo, useState } from "react";
import { Note, Stack } from "@/activities/fields/Stack";
import { ApiError } from "@/api/error";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { useFaultText } from "@/ui/useFaultText";
import { type Action, tryAction } from "./actions";
import styles from "./actions.module.css";
import { faultOf, reportPath } from "./faults";
import { TriedAnswer } from "./TriedAnswer";
import { parametersOf, variablesOf } from "./trial";

interface Props {
  action: Action;
  /** What is written is not what is stored, and what is stored is called. */
  isChanged: boolean;
}

/** Calls the action once, now, with typed values. */
export function TestRequest({ action, isChanged }: Props) {
  const t = useT();
  const faultText = useFaultText();
  const mayWrite = useMay("journeys_actions.write");
  const variables = useMemo(() => variablesOf(action), [action]);
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [path, setPath] = useState("");
  const { parameters, unreadable } = parametersOf(variables, typed);
  const send = useAct(() => tryAction(action.uid, parameters, path), { invalidates: [], showsError: true });
  const faults = new Map(unreadable.map((place) => [place, t("actions.notJson")]));
  if (send.error instanceof ApiError) faults.set(reportPath(send.error) ?? "", faultText(send.error.message));
  return (
    <div className={styles.form}>
      {isChanged && (
        <InlineAlert variant="notice">
          <Heading level={2}>{t("actions.test.unsaved")}</Heading>
          <Content>{t("actions.test.unsavedDetail")}</Content>
        </InlineAlert>
      )}
      <Note>{t("actions.test.real")}</Note>
      <Stack>
        <TextField
          label={t("actions.test.path")}
          description={t("actions.test.pathDetail", { url: action.url })}
          value={path}
          onChange={setPath}
          width="100%"
          {...faultOf(faults, "path")}
        />
        {variables.map(({ paramPath, label, type, isOptional, example }) => {
          const Field = type.startsWith("list") ? TextArea : TextField;
          return (
            <Field
              key={paramPath}
              label={t(isOptional ? "actions.test.optional" : "actions.test.needed", { label, type })}
              description={label === paramPath ? undefined : paramPath}
              value={typed[paramPath] ?? example}
              onChange={(text) => setTyped({ ...typed, [paramPath]: text })}
              width="100%"
              {...faultOf(faults, paramPath)}
            />
          );
        })}
      </Stack>
      <Flex>
        <Button
          variant="accent"
          isDisabled={!mayWrite || unreadable.length > 0}
          isPending={send.isPending}
          onPress={() => send.mutate()}
        >
          {t("actions.test.send")}
        </Button>
      </Flex>
      {send.error && <ErrorNotice error={send.error} />}
      {send.data && <TriedAnswer tried={send.data} />}
    </div>
  );
}
