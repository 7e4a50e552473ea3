import {
  ActionButton,
  Item,
  Menu,
  MenuTrigger,
  Picker,
  Section,
  Text,
  ToastContainer,
  Tooltip,
  TooltipTrigger,
} from "@adobe/react-spectrum";
import Contrast from "@spectrum-icons/workflow/Contrast";
import MenuIcon from "@spectrum-icons/workflow/ShowMenu";
import User from "@spectrum-icons/workflow/User";
import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { Suspense, useState } from "react";
import { api, read } from "@/api/client";
import { chooseSandbox } from "@/api/session";
import { useSession } from "@/api/useSession";
import { LOCALES } from "@/i18n/catalogues";
import { useT } from "@/i18n/useT";
import { Loading } from "@/ui/Loading";
import { NAVIGATION } from "./navigation";
import { type ColorScheme, usePreferences } from "./preferences";
import styles from "./Shell.module.css";

/** The frame of every page: navigation on the left, sandbox and person above. */
export function Shell() {
  const t = useT();
  const [isOpen, setOpen] = useState(false);
  const isDesigner = useRouterState({
    select: (state) => /^\/journeys\/[^/]+\/versions\//.test(state.location.pathname),
  });
  return (
    <div className={styles.shell} data-wide={isDesigner || undefined}>
      <a className={styles.skip} href="#content">
        {t("common.skip")}
      </a>
      <header className={styles.header}>
        <ActionButton
          isQuiet
          UNSAFE_className={styles.menuButton}
          aria-label={t("common.navigation")}
          aria-expanded={isOpen}
          onPress={() => setOpen(!isOpen)}
        >
          <MenuIcon />
        </ActionButton>
        <Link to="/journeys" className={styles.brand}>
          <img src="/favicon.svg" alt="" width="22" height="22" /> Parcours
        </Link>
        <div className={styles.spread} />
        <SandboxPicker />
        <LookMenu />
        <PersonMenu />
      </header>
      <nav className={styles.nav} data-open={isOpen || undefined} aria-label={t("common.navigation")}>
        {NAVIGATION.map((group) => (
          <section key={group.id} aria-labelledby={`nav-${group.id}`}>
            <h2 id={`nav-${group.id}`}>{t(`common.nav.${group.id}`)}</h2>
            <ul>
              {group.pages.map((page) => (
                <li key={page.path}>
                  <Link
                    to={page.path}
                    className={styles.link}
                    activeProps={{ className: styles.active, "aria-current": "page" }}
                    onClick={() => setOpen(false)}
                  >
                    <page.icon size="S" />
                    {t(`common.nav.${page.id}`)}
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </nav>
      <main id="content" className={styles.content} tabIndex={-1}>
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </main>
      <ToastContainer />
    </div>
  );
}

function SandboxPicker() {
  const t = useT();
  const session = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const current = useRouterState({ select: (state) => (state.location.search as { sandbox?: string }).sandbox });
  const names = session.sandboxes.map((sandbox) => sandbox.name);
  const selected = current ?? localStorage.getItem("parcours.sandbox") ?? "prod";
  const choose = (name: string) => {
    chooseSandbox(name);
    queries.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
    void navigate({ to: "/journeys", search: { sandbox: name } });
  };
  return (
    <Picker
      isQuiet
      aria-label={t("common.sandbox")}
      items={session.sandboxes}
      selectedKey={names.includes(selected) ? selected : names[0]}
      onSelectionChange={(key) => choose(String(key))}
    >
      {(sandbox) => <Item key={sandbox.name}>{sandbox.title || sandbox.name}</Item>}
    </Picker>
  );
}

const SCHEMES = ["system", "light", "dark"] as const;

function LookMenu() {
  const t = useT();
  const { locale, colorScheme, setLocale, setColorScheme } = usePreferences();
  const chosen = [colorScheme ?? "system", locale];
  const choose = (key: string) => {
    const found = LOCALES.find((name) => name === key);
    if (found !== undefined) setLocale(found);
    else setColorScheme(key === "system" ? null : (key as ColorScheme));
  };
  return (
    <MenuTrigger>
      <TooltipTrigger>
        <ActionButton isQuiet aria-label={t("common.look")}>
          <Contrast />
        </ActionButton>
        <Tooltip>{t("common.look")}</Tooltip>
      </TooltipTrigger>
      <Menu selectionMode="multiple" selectedKeys={chosen} onAction={(key) => choose(String(key))}>
        <Section title={t("common.look.theme")}>
          {SCHEMES.map((scheme) => (
            <Item key={scheme}>{t(`common.look.${scheme}`)}</Item>
          ))}
        </Section>
        <Section title={t("common.look.language")}>
          {LOCALES.map((name) => (
            <Item key={name}>{name === "fr" ? "Français" : "English"}</Item>
          ))}
        </Section>
      </Menu>
    </MenuTrigger>
  );
}

function PersonMenu() {
  const t = useT();
  const session = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const signOut = async () => {
    await read(api.DELETE("/parcours/session", {}));
    queries.clear();
    await navigate({ to: "/sign-in", search: {} });
  };
  const organization = session.organizations.find((one) => one.id === session.organization);
  return (
    <MenuTrigger>
      <ActionButton isQuiet aria-label={t("common.person", { name: session.user.name })}>
        <User />
      </ActionButton>
      <Menu onAction={(key) => (key === "signOut" ? void signOut() : void navigate({ to: "/account" }))}>
        <Section title={organization?.name ?? session.organization}>
          <Item key="account" textValue={session.user.name}>
            <Text>{session.user.name}</Text>
            <Text slot="description">{session.user.email}</Text>
          </Item>
          <Item key="signOut">{t("common.signOut")}</Item>
        </Section>
      </Menu>
    </MenuTrigger>
  );
}
