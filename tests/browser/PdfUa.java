import java.io.FileInputStream;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.validation.profiles.Profiles;
import org.verapdf.pdfa.validation.profiles.Rule;
import org.verapdf.pdfa.validation.profiles.ValidationProfile;
import org.verapdf.pdfa.validation.profiles.Variable;
import org.verapdf.pdfa.validation.validators.ValidatorFactory;
import org.w3c.dom.Element;

/**
 * Prints veraPDF's PDF/UA-1 results as tab-separated lines: "rules" and their number in the profile; for each file
 * "file", its name and the number of checks; for each failed check "failed", the rule as clause-test, its requirement
 * and the place.
 *
 * The profile is parsed here, because veraPDF's library lacks the part of Java that would do it (JAXB).
 */
class PdfUa {
    private static final String PROFILE = "/org/verapdf/pdfa/validation/PDFUA-1.xml";
    private static final int MOST_FAILURES_A_RULE = 5;

    public static void main(String[] files) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        var profile = profile();
        say("rules", profile.getRules().size());
        for (var file : files) {
            try (var stream = new FileInputStream(file);
                    var parser = Foundries.defaultInstance().createParser(stream, PDFAFlavour.PDFUA_1);
                    var validator = ValidatorFactory.createValidator(profile, MOST_FAILURES_A_RULE, false)) {
                var result = validator.validate(parser);
                say("file", file, result.getTotalAssertions());
                for (var failed : result.getTestAssertions()) {
                    var rule = failed.getRuleId().getClause() + "-" + failed.getRuleId().getTestNumber();
                    say("failed", rule, failed.getMessage(), failed.getLocation().getContext());
                }
            }
        }
    }

    private static void say(Object... words) {
        var line = new ArrayList<String>();
        for (var word : words) {
            line.add(String.valueOf(word).replaceAll("\\s+", " "));
        }
        System.out.println(String.join("\t", line));
    }

    private static ValidationProfile profile() throws Exception {
        var document = DocumentBuilderFactory.newInstance().newDocumentBuilder();
        var root = document.parse(PdfUa.class.getResourceAsStream(PROFILE)).getDocumentElement();
        var rules = new HashSet<Rule>();
        for (var rule : within(root, "rule")) {
            var id = within(rule, "id").get(0);
            rules.add(Profiles.ruleFromValues(
                    Profiles.ruleIdFromValues(
                            PDFAFlavour.Specification.ISO_14289_1,
                            id.getAttribute("clause"),
                            Integer.parseInt(id.getAttribute("testNumber"))),
                    rule.getAttribute("object"),
                    rule.hasAttribute("deferred") ? Boolean.valueOf(rule.getAttribute("deferred")) : null,
                    rule.getAttribute("tags"),
                    text(rule, "description"),
                    text(rule, "test"),
                    Profiles.errorFromValues(text(rule, "description"), List.of()),
                    List.of()));
        }
        var variables = new HashSet<Variable>();
        for (var variable : within(root, "variable")) {
            variables.add(Profiles.variableFromValues(
                    variable.getAttribute("name"),
                    variable.getAttribute("object"),
                    text(variable, "defaultValue"),
                    text(variable, "value")));
        }
        var details = Profiles.profileDetailsFromValues("PDF/UA-1", "", "", new Date(0));
        return Profiles.profileFromValues(PDFAFlavour.PDFUA_1, details, "", rules, variables);
    }

    private static List<Element> within(Element parent, String tag) {
        var nodes = parent.getElementsByTagName(tag);
        var found = new ArrayList<Element>();
        for (var i = 0; i < nodes.getLength(); i++) {
            found.add((Element) nodes.item(i));
        }
        return found;
    }

    private static String text(Element parent, String tag) {
        return within(parent, tag).get(0).getTextContent();
    }
}
