package wire

// Person is how people see each other in views.
type Person struct {
	ID   UserID `json:"id"`
	Name string `json:"name"`
	Role Role   `json:"role"`
}
