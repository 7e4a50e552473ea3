import { Button, Content, Form, Heading, InlineAlert, Text, TextField } from "@adobe/react-spectrum";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { api, read } from "@/api/client";
import { ApiError } from "@/api/error";
import { adopt, type Session, sessionQuery } from "@/api/session";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Card } from "./Card";

interface SignedOut {
  setupNeeded?: boolean;
  oidc?: { name: string; url: string } | null;
}

export function SignInPage() {
  const t = useT();
  const { next = "/journeys", error: refusal } = useSearch({ from: "/sign-in" });
  const queries = useQueryClient();
  const navigate = useNavigate();
  const session = useQuery(sessionQuery);
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);

  useEffect(() => {
    if (session.data !== undefined) void navigate({ href: next, replace: true });
  }, [session.data, next, navigate]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailure(null);
    try {
      const found = await read<Session>(api.POST("/parcours/session", { body: { email, password } }));
      queries.setQueryData(sessionQuery.queryKey, adopt(found));
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };

  const isSignedOut = session.error instanceof ApiError && session.error.status === 401;
  const told: SignedOut = isSignedOut && session.error instanceof ApiError ? (session.error.body as SignedOut) : {};
  if (session.error !== null && !isSignedOut) {
    return (
      <Card title={t("access.signIn.title")}>
        <ErrorNotice error={session.error} onRetry={() => void session.refetch()} />
      </Card>
    );
  }
  if (told.setupNeeded) {
    return (
      <Card title={t("access.setupNeeded.title")}>
        <Text>{t("access.setupNeeded.detail")}</Text>
      </Card>
    );
  }
  const isWrong = failure instanceof ApiError && failure.status === 401;
  return (
    <Card title={t("access.signIn.title")}>
      {(isWrong || refusal !== undefined) && (
        <InlineAlert variant="negative" marginBottom="size-200">
          <Heading level={2}>{t("access.signIn.refused")}</Heading>
          <Content>{isWrong ? t("access.signIn.wrong") : refusal}</Content>
        </InlineAlert>
      )}
      {failure !== null && !isWrong && <ErrorNotice error={failure} />}
      <Form onSubmit={submit} validationBehavior="native" marginTop="size-100">
        <TextField
          label={t("access.email")}
          type="email"
          autoComplete="username"
          value={email}
          onChange={setEmail}
          isRequired
          autoFocus
        />
        <TextField
          label={t("access.password")}
          type="password"
          autoComplete="current-password"
          value={password}
          onChange={setPassword}
          isRequired
        />
        <Button variant="accent" type="submit" isPending={isBusy} marginTop="size-200">
          {t("access.signIn.button")}
        </Button>
      </Form>
      {told.oidc && (
        <Button variant="secondary" elementType="a" href={told.oidc.url} marginTop="size-200" width="100%">
          {t("access.signIn.with", { name: told.oidc.name })}
        </Button>
      )}
    </Card>
  );
}
