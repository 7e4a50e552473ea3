import { Button, Form, Text, TextField } from "@adobe/react-spectrum";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, read } from "@/api/client";
import { adopt, type Session, sessionQuery } from "@/api/session";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Card } from "./Card";

const SHORTEST = 12;

/** The first administrator, made with the link that the server printed. */
export function SetupPage() {
  return <OneTimePage purpose="setup" />;
}

/** Somebody who was invited, or who chooses a new password. */
export function JoinPage() {
  return <OneTimePage purpose="join" />;
}

function OneTimePage({ purpose }: { purpose: "setup" | "join" }) {
  const t = useT();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const token = window.location.hash.slice(1);
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailure(null);
    try {
      const session = await read<Session>(
        purpose === "setup"
          ? api.POST("/parcours/setup", { body: { token, name, email, password } })
          : api.POST("/parcours/join", { body: { token, password, ...(name.trim() !== "" && { name: name.trim() }) } }),
      );
      queries.setQueryData(sessionQuery.queryKey, adopt(session));
      await navigate({ to: "/journeys", replace: true });
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };

  if (token === "") {
    return (
      <Card title={t(`access.${purpose}.title`)}>
        <Text>{t("access.noToken")}</Text>
      </Card>
    );
  }
  return (
    <Card title={t(`access.${purpose}.title`)}>
      <Text>{t(`access.${purpose}.detail`)}</Text>
      {failure !== null && <ErrorNotice error={failure} />}
      <Form onSubmit={submit} validationBehavior="native" marginTop="size-200">
        <TextField
          label={t("access.name")}
          autoComplete="name"
          value={name}
          onChange={setName}
          isRequired={purpose === "setup"}
          autoFocus
        />
        <EmailField isAsked={purpose === "setup"} value={email} onChange={setEmail} />
        <TextField
          label={t("access.newPassword")}
          description={t("access.passwordRule", { count: SHORTEST })}
          type="password"
          autoComplete="new-password"
          value={password}
          onChange={setPassword}
          minLength={SHORTEST}
          isRequired
        />
        <Button variant="accent" type="submit" isPending={isBusy} marginTop="size-200">
          {t(`access.${purpose}.button`)}
        </Button>
      </Form>
    </Card>
  );
}

/** An invitation knows the address already. */
function EmailField({
  isAsked,
  value,
  onChange,
}: {
  isAsked: boolean;
  value: string;
  onChange: (text: string) => void;
}) {
  const t = useT();
  if (!isAsked) return null;
  return (
    <TextField
      label={t("access.email")}
      type="email"
      autoComplete="username"
      value={value}
      onChange={onChange}
      isRequired
    />
  );
}
