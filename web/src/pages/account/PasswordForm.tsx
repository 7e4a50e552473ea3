import { Button, Form, TextField } from "@adobe/react-spectrum";
import { type FormEvent, useState } from "react";
import { call } from "@/api/call";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";

const SHORTEST = 12;

export function PasswordForm() {
  const t = useT();
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [again, setAgain] = useState("");
  const save = useAct(() => call("PUT", "/parcours/me/password", { body: { old, new: fresh } }), {
    invalidates: [["account"]],
    showsError: true,
    done: t("account.done.password"),
    onDone: () => {
      setOld("");
      setFresh("");
      setAgain("");
    },
  });
  const isOther = again !== "" && again !== fresh;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isOther && !save.isPending) save.mutate();
  };
  return (
    <Form onSubmit={submit} validationBehavior="native">
      <>{save.error && <ErrorNotice error={save.error} />}</>
      <TextField
        label={t("account.password.old")}
        type="password"
        autoComplete="current-password"
        value={old}
        onChange={setOld}
        isRequired
      />
      <TextField
        label={t("account.password.new")}
        description={t("account.password.rule", { count: SHORTEST })}
        type="password"
        autoComplete="new-password"
        value={fresh}
        onChange={setFresh}
        minLength={SHORTEST}
        isRequired
      />
      <TextField
        label={t("account.password.again")}
        type="password"
        autoComplete="new-password"
        value={again}
        onChange={setAgain}
        validationState={isOther ? "invalid" : undefined}
        errorMessage={isOther ? t("account.password.other") : undefined}
        isRequired
      />
      <div>
        <Button variant="accent" type="submit" isPending={save.isPending} marginTop="size-150">
          {t("account.password.button")}
        </Button>
      </div>
    </Form>
  );
}
