// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// Fixtures of ours: who may pause, by an owner who may give it up, and by roles with and without a list of their holders.

contract LeverOwned {
    address public owner = msg.sender;
    bool public paused;

    modifier onlyOwner() {
        require(msg.sender == owner, "not the owner");
        _;
    }

    function pause() external onlyOwner {
        paused = true;
    }

    function transferOwnership(address to) external onlyOwner {
        owner = to;
    }

    function renounceOwnership() external onlyOwner {
        owner = address(0);
    }
}

contract LeverRoles {
    event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender);

    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");
    mapping(bytes32 => mapping(address => bool)) public hasRole;
    bool public paused;

    constructor() {
        hasRole[0][msg.sender] = true;
    }

    function getRoleAdmin(bytes32) external pure returns (bytes32) {
        return 0;
    }

    function grantRole(bytes32 role, address account) public virtual {
        require(hasRole[0][msg.sender], "no admin");
        hasRole[role][account] = true;
        emit RoleGranted(role, account, msg.sender);
    }

    function revokeRole(bytes32 role, address account) public virtual {
        require(hasRole[0][msg.sender], "no admin");
        hasRole[role][account] = false;
    }

    function pause() external {
        require(hasRole[PAUSER_ROLE][msg.sender], "no pauser");
        paused = true;
    }
}

contract LeverListedRoles is LeverRoles {
    mapping(bytes32 => address[]) internal members;

    function getRoleMemberCount(bytes32 role) external view returns (uint256) {
        return members[role].length;
    }

    function getRoleMember(bytes32 role, uint256 i) external view returns (address) {
        return members[role][i];
    }

    function grantRole(bytes32 role, address account) public override {
        super.grantRole(role, account);
        members[role].push(account);
    }
}
