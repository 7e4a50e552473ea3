import { Heading, View } from "@adobe/react-spectrum";
import { useSession } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Page } from "@/ui/Page";
import { NameForm } from "./NameForm";
import { PasswordForm } from "./PasswordForm";
import { Sessions } from "./Sessions";

/** What everybody changes of themselves. */
export function AccountPage() {
  const t = useT();
  const { user } = useSession();
  return (
    <Page title={t("account.title")} description={user.email}>
      <View maxWidth="size-5000">
        <NameForm key={user.id} />
      </View>
      <View maxWidth="size-5000" marginTop="size-400">
        <Heading level={2}>{t("account.password.title")}</Heading>
        <PasswordForm />
      </View>
      <View marginTop="size-400">
        <Heading level={2}>{t("account.sessions.title")}</Heading>
        <Sessions />
      </View>
    </Page>
  );
}
