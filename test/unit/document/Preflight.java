import java.io.File;
import org.apache.pdfbox.preflight.PreflightDocument;
import org.apache.pdfbox.preflight.ValidationResult;
import org.apache.pdfbox.preflight.parser.PreflightParser;

/** Which of these files are PDF/A-1b? Says why one is not; ends with 1 unless all are. */
public class Preflight {
    private static ValidationResult validate(String path) throws Exception {
        PreflightParser parser = new PreflightParser(new File(path));
        parser.parse();
        try (PreflightDocument document = parser.getPreflightDocument()) {
            document.validate();
            return document.getResult();
        }
    }

    public static void main(String[] paths) throws Exception {
        boolean all = paths.length > 0;
        for (String path : paths) {
            ValidationResult result = validate(path);
            for (ValidationResult.ValidationError error : result.getErrorsList())
                System.out.println(path + ": " + error.getErrorCode() + " " + error.getDetails());
            all &= result.isValid();
        }
        System.exit(all ? 0 : 1);
    }
}
